"""Draw a 1024x1024 picture from words: POST /v1/images/generations."""

import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))

# The service takes a form, also where there is no file: a name of None makes a field of each.
fields = {
    "model": "sd-core",
    "prompt": "a lighthouse on a cliff at dusk",
    "negative_prompt": "fog, people",
    "aspect_ratio": "1:1",
    "style_preset": "fantasy-art",
    "output_format": "png",
}
response = requests.post(
    f"{api_host}/v1/images/generations",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "image/*"},
    files={name: (None, value) for name, value in fields.items()},
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_serevix_text_to_image_{response.headers['Seed']}.png"
picture.write_bytes(response.content)
print(picture)
