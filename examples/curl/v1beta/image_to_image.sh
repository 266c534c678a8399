#!/bin/sh
# Draw over a picture by a step schedule: POST /v1beta/generation/{engine_id}/image-to-image
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}
assets=$(dirname "$0")/../../assets
engine_id=stable-diffusion-512-v2-1

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# step_schedule_start: 0 keeps the picture, 1 ignores it. step_schedule_end is the share left out at the end.
curl -sS --fail-with-body "$api_host/v1beta/generation/$engine_id/image-to-image" \
  -H "Authorization: Bearer $STABILITY_API_KEY" \
  -H "Accept: application/json" \
  -F "init_image=@$assets/init_image.png" \
  -F 'init_image_mode=STEP_SCHEDULE' \
  -F 'step_schedule_start=0.6' \
  -F 'step_schedule_end=0.01' \
  -F 'text_prompts[0][text]=the same lake in deep winter, oil painting' \
  -F 'text_prompts[0][weight]=1' \
  -F 'steps=30' \
  -F 'cfg_scale=7' >"$work/answer" || { cat "$work/answer" >&2; exit 1; }

# One artifact in each line; no jq needed.
tr '{' '\n' <"$work/answer" | grep '"base64"' >"$work/artifacts"
for seed in $(sed 's/.*"seed": *\([0-9]*\).*/\1/' "$work/artifacts"); do
  picture=$out/curl_v1beta_image_to_image_$seed.png
  grep "\"seed\": *${seed}[^0-9]" "$work/artifacts" | sed 's/.*"base64": *"\([^"]*\)".*/\1/' | base64 -d >"$picture"
  echo "$picture"
done
