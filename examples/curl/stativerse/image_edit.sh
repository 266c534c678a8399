#!/bin/sh
# Draw over a picture: POST /models/v1/image-edit
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
assets=$(dirname "$0")/../../assets

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
  printf '{"prompt": "the same lake in deep winter, oil painting", "image": "data:image/png;base64,'
  base64 <"$assets/init_image.png" | tr -d '\n'
  printf '"}'
} >"$work/request"

curl -sS --fail-with-body "$api_host/models/v1/image-edit" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Content-Type: application/json" \
  --data-binary "@$work/request" >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

seed=$(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/answer")
picture=$out/curl_stativerse_image_edit_$seed.png
sed 's/.*"output": *"\([^"]*\)".*/\1/' "$work/answer" | base64 -d >"$picture"
echo "$picture"
