"""Replace a part of a picture: POST /v1/generation/{engine_id}/image-to-image/masking."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
assets = Path(__file__).resolve().parents[2] / "assets"
engine_id = "stable-inpainting-512-v2-0"

# MASK_IMAGE_WHITE: what is white in the mask is drawn anew, what is black stays.
response = requests.post(
    f"{api_host}/v1/generation/{engine_id}/image-to-image/masking",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "application/json"},
    files={
        "init_image": (assets / "init_image.png").read_bytes(),
        "mask_image": (assets / "mask_image_white.png").read_bytes(),
    },
    data={
        "mask_source": "MASK_IMAGE_WHITE",
        "text_prompts[0][text]": "a paper kite in a clear evening sky",
        "text_prompts[0][weight]": 1,
        "steps": 30,
        "cfg_scale": 7,
        "samples": 1,
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
for artifact in response.json()["artifacts"]:
    picture = out / f"python_v1_masking_{artifact['seed']}.png"
    picture.write_bytes(base64.b64decode(artifact["base64"]))
    print(picture)
