#!/bin/sh
# Draw a picture from words and get it as plain PNG bytes: POST /v1/generation/{engine_id}/text-to-image
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
engine_id=stable-diffusion-v1-6

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -sS --fail-with-body -D "$work/headers" "$api_host/v1/generation/$engine_id/text-to-image" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: image/png" \
  -H "Content-Type: application/json" \
  -d '{
    "text_prompts": [
      {"text": "a lighthouse on a cliff at dusk"}
    ],
    "width": 512,
    "height": 512,
    "steps": 30
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

seed=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ss]eed: *//p')
picture=$out/curl_v1_text_to_image_png_$seed.png
mv "$work/answer" "$picture"
echo "$picture"
