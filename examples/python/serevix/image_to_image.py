"""Draw over a picture: POST /v1/images/generations with the mode image-to-image."""

import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
assets = Path(__file__).resolve().parents[2] / "assets"

# strength: 0 keeps the picture, 1 ignores it.
response = requests.post(
    f"{api_host}/v1/images/generations",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "image/*"},
    files={"image": (assets / "init_image.png").read_bytes()},
    data={
        "model": "sd3-large",
        "prompt": "the same lake in deep winter, oil painting",
        "mode": "image-to-image",
        "strength": 0.7,
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_serevix_image_to_image_{response.headers['Seed']}.png"
picture.write_bytes(response.content)
print(picture)
