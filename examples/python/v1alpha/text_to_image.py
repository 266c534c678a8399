"""Draw two pictures from words: POST /v1alpha/generation/{engine_id}/text-to-image."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
engine_id = "stable-diffusion-512-v2-1"

response = requests.post(
    f"{api_host}/v1alpha/generation/{engine_id}/text-to-image",
    headers={"Authorization": api_key, "Accept": "application/json"},
    json={
        "text_prompts": [
            {"text": "a lighthouse on a cliff at dusk", "weight": 1},
        ],
        "width": 512,
        "height": 512,
        "samples": 2,
        "steps": 30,
        "cfg_scale": 7,
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
for artifact in response.json()["artifacts"]:
    picture = out / f"python_v1alpha_text_to_image_{artifact['seed']}.png"
    picture.write_bytes(base64.b64decode(artifact["base64"]))
    print(picture)
