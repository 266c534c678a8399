#!/bin/sh
# Draw a picture of 512x512 from words and check it for safety: POST /models/v1/image-generation
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Drawn at 768x512, then cut to a square around the middle and resized.
curl -sS --fail-with-body "$api_host/models/v1/image-generation" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "a lighthouse on a cliff at dusk",
    "negative_prompt": "fog, people",
    "resolution": [768, 512],
    "post_resolution": [512, 512],
    "crop": true,
    "steps": 8,
    "guidance": 1,
    "safety_check": true,
    "output_format": "Base64 PNG",
    "seed": 42
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

seed=$(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/answer")
picture=$out/curl_stativerse_image_generation_$seed.png
sed 's/.*"output": *"\([^"]*\)".*/\1/' "$work/answer" | base64 -d >"$picture"
echo "$picture"
