#!/bin/sh
# Draw two pictures from words: POST /v1alpha/generation/{engine_id}/text-to-image
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
engine_id=stable-diffusion-512-v2-1

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -sS --fail-with-body "$api_host/v1alpha/generation/$engine_id/text-to-image" \
  -H "Authorization: $STABILITY_API_KEY" \
  -H "Accept: application/json" \
  -H "Content-Type: application/json" \
  -d '{
    "text_prompts": [
      {"text": "a lighthouse on a cliff at dusk", "weight": 1}
    ],
    "width": 512,
    "height": 512,
    "samples": 2,
    "steps": 30,
    "cfg_scale": 7
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# One artifact in each line; no jq needed.
tr '{' '\n' <"$work/answer" | grep '"base64"' >"$work/artifacts"
for seed in $(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/artifacts"); do
  picture=$out/curl_v1alpha_text_to_image_$seed.png
  grep "\"seed\": *${seed}[^0-9]" "$work/artifacts" | sed 's/.*"base64": *"\([^"]*\)".*/\1/' | base64 -d >"$picture"
  echo "$picture"
done
