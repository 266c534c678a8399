#!/bin/sh
# List the engines: GET /v1alpha/engines/list
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}

curl -sS --fail-with-body -w '\n' "$api_host/v1alpha/engines/list" \
  -H "Authorization: $STABILITY_API_KEY"
