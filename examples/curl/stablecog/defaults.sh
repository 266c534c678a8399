#!/bin/sh
# Show what counts where a request says nothing: GET /v1/image/generation/defaults
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}

curl -sS --fail-with-body -w '\n' "$api_host/v1/image/generation/defaults" \
  -H "Authorization: Bearer $STABILITY_API_KEY"
