#!/bin/sh
# Draw over a picture: POST /v1alpha/generation/{engine_id}/image-to-image
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
assets=$(dirname "$0")/../../assets
engine_id=stable-diffusion-512-v2-1

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# step_schedule_start: 0 keeps the picture, 1 ignores it.
curl -sS --fail-with-body "$api_host/v1alpha/generation/$engine_id/image-to-image" \
  -H "Authorization: $STABILITY_API_KEY" \
  -H "Accept: application/json" \
  -F "init_image=@$assets/init_image.png" \
  -F 'options={
    "text_prompts": [
      {"text": "the same lake in deep winter, oil painting", "weight": 1}
    ],
    "step_schedule_start": 0.65,
    "steps": 30,
    "cfg_scale": 7
  }' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# One artifact in each line; no jq needed.
tr '{' '\n' <"$work/answer" | grep '"base64"' >"$work/artifacts"
for seed in $(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/artifacts"); do
  picture=$out/curl_v1alpha_image_to_image_$seed.png
  grep "\"seed\": *${seed}[^0-9]" "$work/artifacts" | sed 's/.*"base64": *"\([^"]*\)".*/\1/' | base64 -d >"$picture"
  echo "$picture"
done
