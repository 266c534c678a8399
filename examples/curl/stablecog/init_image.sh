#!/bin/sh
# Draw a picture, then draw it anew with other words: init_image_url of POST /v1/image/generation/create
set -eu
: "${STABILITY_API_KEY:?Set STABILITY_API_KEY to your API key and run this again.}"
api_host=${API_HOST:-http://127.0.0.1:8080}
out=${OUT_DIR:-out}

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

create() { # What to draw, as the rest of a JSON object; leaves the answer in $work/answer.
  curl -sS --fail-with-body "$api_host/v1/image/generation/create" \
    -H "Authorization: Bearer $STABILITY_API_KEY" \
    -H "Content-Type: application/json" \
    -d '{"width": 512, "height": 512, "num_outputs": 1, "seed": 42, '"$1}" >"$work/answer" ||
    { cat "$work/answer" >&2; exit 1; }
}

url() { # Of the one picture in the answer.
  sed 's/.*"url": *"\([^"]*\)".*/\1/' "$work/answer"
}

create '"prompt": "a lighthouse on a cliff at dusk"'
# 0 would give the first picture back, 1 would ignore it.
create '"prompt": "a lighthouse in deep snow", "prompt_strength": 0.6, "init_image_url": "'"$(url)"'"'

picture=$out/curl_stablecog_init_image_42.png
curl -sS --fail -o "$picture" "$(url)"
echo "$picture"
