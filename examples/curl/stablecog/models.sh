#!/bin/sh
# List the models with their schedulers: GET /v1/image/generation/models
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}

curl -sS --fail-with-body -w '\n' "$api_host/v1/image/generation/models" \
  -H "Authorization: Bearer $STABILITY_API_KEY"
