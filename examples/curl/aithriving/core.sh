#!/bin/sh
# Draw a 1024x1024 picture with Stable Image Core: POST /api/generate/core
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The key goes out as it is, without "Bearer".
curl -sS --fail-with-body "$api_host/api/generate/core" \
  -H "Authorization: $STABILITY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "a lighthouse on a cliff at dusk",
    "negative_prompt": "fog, people",
    "width": 1024,
    "height": 1024,
    "style_preset": "fantasy-art"
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# No jq needed: there is one picture and one seed.
seed=$(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/answer")
picture=$out/curl_aithriving_core_$seed.png
sed 's/.*"image": *"\([^"]*\)".*/\1/' "$work/answer" | base64 -d >"$picture"
echo "$picture"
