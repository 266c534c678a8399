"""Draw a picture, then draw it anew with other words: `init_image_url` of POST /v1/image/generation/create."""

import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))


def create(**wanted):
    """One picture of 512x512."""
    response = requests.post(
        f"{api_host}/v1/image/generation/create",
        headers={"Authorization": f"Bearer {api_key}"},
        json={"width": 512, "height": 512, "num_outputs": 1, "seed": 42, **wanted},
        timeout=120,
    )
    if response.status_code != 200:
        sys.exit(f"{response.status_code}: {response.text}")
    return response.json()["outputs"][0]


first = create(prompt="a lighthouse on a cliff at dusk")
# 0 would give the first picture back, 1 would ignore it.
second = create(prompt="a lighthouse in deep snow", init_image_url=first["url"], prompt_strength=0.6)

fetched = requests.get(second["url"], timeout=60)
fetched.raise_for_status()
out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_stablecog_init_image_{second['seed']}.png"
picture.write_bytes(fetched.content)
print(picture)
