"""Double the size of a picture: POST /v1/generation/{engine_id}/image-to-image/upscale."""

import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
assets = Path(__file__).resolve().parents[2] / "assets"
engine_id = "esrgan-v1-x2plus"

# Send width or height, never both: the other side follows.
response = requests.post(
    f"{api_host}/v1/generation/{engine_id}/image-to-image/upscale",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "image/png"},
    files={"image": (assets / "init_image.png").read_bytes()},
    data={"width": 1024},
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_v1_upscale_{response.headers['Seed']}.png"
picture.write_bytes(response.content)
print(picture)
