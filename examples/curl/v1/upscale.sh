#!/bin/sh
# Double the size of a picture: POST /v1/generation/{engine_id}/image-to-image/upscale
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
assets=$(dirname "$0")/../../assets
engine_id=esrgan-v1-x2plus

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Send width or height, never both: the other side follows.
curl -sS --fail-with-body -D "$work/headers" "$api_host/v1/generation/$engine_id/image-to-image/upscale" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: image/png" \
  -F "image=@$assets/init_image.png" \
  -F 'width=1024' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

seed=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ss]eed: *//p')
picture=$out/curl_v1_upscale_$seed.png
mv "$work/answer" "$picture"
echo "$picture"
