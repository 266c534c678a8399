#!/bin/sh
# Draw a 1024x1024 picture from words: POST /v1/images/generations
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -sS --fail-with-body -D "$work/headers" "$api_host/v1/images/generations" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: image/*" \
  -F 'model=sd-core' \
  -F 'prompt=a lighthouse on a cliff at dusk' \
  -F 'negative_prompt=fog, people' \
  -F 'aspect_ratio=1:1' \
  -F 'style_preset=fantasy-art' \
  -F 'output_format=png' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

seed=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ss]eed: *//p')
picture=$out/curl_serevix_text_to_image_$seed.png
mv "$work/answer" "$picture"
echo "$picture"
