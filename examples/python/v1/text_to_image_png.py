"""Draw a picture from words and get it as plain PNG bytes: POST /v1/generation/{engine_id}/text-to-image."""

import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
engine_id = "stable-diffusion-v1-6"

response = requests.post(
    f"{api_host}/v1/generation/{engine_id}/text-to-image",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "image/png"},
    json={
        "text_prompts": [
            {"text": "a lighthouse on a cliff at dusk"},
        ],
        "width": 512,
        "height": 512,
        "steps": 30,
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_v1_text_to_image_png_{response.headers['Seed']}.png"
picture.write_bytes(response.content)
print(picture)
