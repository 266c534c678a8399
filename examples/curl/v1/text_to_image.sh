#!/bin/sh
# Draw a 1024x1024 picture from words with SDXL: POST /v1/generation/{engine_id}/text-to-image
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
engine_id=stable-diffusion-xl-1024-v1-0

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -sS --fail-with-body "$api_host/v1/generation/$engine_id/text-to-image" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: application/json" \
  -H "Content-Type: application/json" \
  -d '{
    "text_prompts": [
      {"text": "a lighthouse on a cliff at dusk", "weight": 1},
      {"text": "fog, people", "weight": -1}
    ],
    "width": 1024,
    "height": 1024,
    "samples": 1,
    "steps": 30,
    "cfg_scale": 7,
    "seed": 42,
    "style_preset": "fantasy-art"
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# One artifact in each line; no jq needed.
tr '{' '\n' <"$work/answer" | grep '"base64"' >"$work/artifacts"
for seed in $(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/artifacts"); do
  picture=$out/curl_v1_text_to_image_$seed.png
  grep "\"seed\": *${seed}[^0-9]" "$work/artifacts" | sed 's/.*"base64": *"\([^"]*\)".*/\1/' | base64 -d >"$picture"
  echo "$picture"
done
