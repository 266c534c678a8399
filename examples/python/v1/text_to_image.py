"""Draw a 1024x1024 picture from words with SDXL: POST /v1/generation/{engine_id}/text-to-image."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
engine_id = "stable-diffusion-xl-1024-v1-0"

response = requests.post(
    f"{api_host}/v1/generation/{engine_id}/text-to-image",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "application/json"},
    json={
        "text_prompts": [
            {"text": "a lighthouse on a cliff at dusk", "weight": 1},
            {"text": "fog, people", "weight": -1},
        ],
        "width": 1024,
        "height": 1024,
        "samples": 1,
        "steps": 30,
        "cfg_scale": 7,
        "seed": 42,
        "style_preset": "fantasy-art",
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
for artifact in response.json()["artifacts"]:
    picture = out / f"python_v1_text_to_image_{artifact['seed']}.png"
    picture.write_bytes(base64.b64decode(artifact["base64"]))
    print(picture)
