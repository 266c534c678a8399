#!/bin/sh
# Draw over a picture: POST /v1/images/generations with the mode image-to-image
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
assets=$(dirname "$0")/../../assets

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# strength: 0 keeps the picture, 1 ignores it.
curl -sS --fail-with-body -D "$work/headers" "$api_host/v1/images/generations" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: image/*" \
  -F 'model=sd3-large' \
  -F 'prompt=the same lake in deep winter, oil painting' \
  -F 'mode=image-to-image' \
  -F "image=@$assets/init_image.png" \
  -F 'strength=0.7' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

seed=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ss]eed: *//p')
picture=$out/curl_serevix_image_to_image_$seed.png
mv "$work/answer" "$picture"
echo "$picture"
