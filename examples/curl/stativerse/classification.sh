#!/bin/sh
# Sort two texts into three topics: POST /models/v1/classification
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}

curl -sS --fail-with-body -w '\n' "$api_host/models/v1/classification" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "input": ["The referee gave a penalty in the last minute", "Stir the soup until it thickens"],
    "choices": ["sports", "cooking", "politics"]
  }'
