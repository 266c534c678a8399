#!/bin/sh
# Fill the transparent part of a picture: POST /v1/generation/{engine_id}/image-to-image/masking
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
assets=$(dirname "$0")/../../assets
engine_id=stable-inpainting-512-v2-0

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# INIT_IMAGE_ALPHA: what is transparent in the picture is drawn anew; there is no mask image.
curl -sS --fail-with-body "$api_host/v1/generation/$engine_id/image-to-image/masking" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: application/json" \
  -F "init_image=@$assets/init_image_alpha.png" \
  -F 'mask_source=INIT_IMAGE_ALPHA' \
  -F 'text_prompts[0][text]=a paper kite in a clear evening sky' \
  -F 'text_prompts[0][weight]=1' \
  -F 'steps=30' \
  -F 'cfg_scale=7' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# One artifact in each line; no jq needed.
tr '{' '\n' <"$work/answer" | grep '"base64"' >"$work/artifacts"
for seed in $(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/artifacts"); do
  picture=$out/curl_v1_masking_alpha_$seed.png
  grep "\"seed\": *${seed}[^0-9]" "$work/artifacts" | sed 's/.*"base64": *"\([^"]*\)".*/\1/' | base64 -d >"$picture"
  echo "$picture"
done
