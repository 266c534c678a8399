#!/bin/sh
# Find the answer that is closest to a question: POST /models/v1/sentence
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}

# Without normalizing, scores are cosine similarities from -1 to 1.
curl -sS --fail-with-body -w '\n' "$api_host/models/v1/sentence" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "input": "How do I reset my password?",
    "choices": ["I forgot my password", "Where is my parcel?", "The weather is fine"],
    "normalize": false
  }'
