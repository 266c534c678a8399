#!/bin/sh
# List the newest finished pictures: GET /v1/image/generation/outputs
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}

# The answer has a "next" where there are more; it goes into the next request as &cursor=...
curl -sS --fail-with-body -w '\n' "$api_host/v1/image/generation/outputs?per_page=20" \
  -H "Authorization: Bearer $STABILITY_API_KEY"
