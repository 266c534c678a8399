# A client on curl.
set -euo pipefail
key="Authorization: Bearer $STABILITY_API_KEY"
engines=$(curl -sSf -H "$key" https://api.stability.ai/v1/engines/list)
curl -sSf -o barn.png -H "$key" -H "Accept: image/png" -H "Content-Type: application/json" \
  -d '{"text_prompts":[{"text":"a barn"}]}' \
  https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image
width=$((16#$(od -An -tx1 -j16 -N4 barn.png | tr -d ' \n')))
height=$((16#$(od -An -tx1 -j20 -N4 barn.png | tr -d ' \n')))
printf '{"engines": %s, "size": [%d, %d]}\n' "$engines" "$width" "$height"
