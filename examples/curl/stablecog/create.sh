#!/bin/sh
# Draw two pictures of 512x512 and fetch them from where they are: POST /v1/image/generation/create
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
stable_diffusion=048b4aa3-5586-47ed-900f-f4341c96bdb2

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -sS --fail-with-body "$api_host/v1/image/generation/create" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "prompt": "a lighthouse on a cliff at dusk",
    "negative_prompt": "fog, people",
    "model_id": "'"$stable_diffusion"'",
    "width": 512,
    "height": 512,
    "num_outputs": 2,
    "guidance_scale": 7,
    "inference_steps": 30,
    "seed": 42
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# One picture in each line; no jq needed.
tr '{' '\n' <"$work/answer" | grep '"url"' >"$work/outputs"
while read -r output; do
  url=$(echo "$output" | sed 's/.*"url": *"\([^"]*\)".*/\1/')
  seed=$(echo "$output" | sed 's/.*"seed": *\([0-9]*\).*/\1/')
  picture=$out/curl_stablecog_create_$seed.png
  curl -sS --fail -o "$picture" "$url" # No key: whoever knows the address sees the picture.
  echo "$picture"
done <"$work/outputs"
