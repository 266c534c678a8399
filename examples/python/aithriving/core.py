"""Draw a 1024x1024 picture with Stable Image Core: POST /api/generate/core."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))

# The key goes out as it is, without "Bearer".
response = requests.post(
    f"{api_host}/api/generate/core",
    headers={"Authorization": api_key},
    json={
        "prompt": "a lighthouse on a cliff at dusk",
        "negative_prompt": "fog, people",
        "width": 1024,
        "height": 1024,
        "style_preset": "fantasy-art",
    },
    timeout=120,
)
answer = response.json()
if answer["code"] != 0:
    sys.exit(f"{response.status_code}: {answer['message']}")

out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_aithriving_core_{answer['data']['seed']}.png"
picture.write_bytes(base64.b64decode(answer["data"]["image"]))
print(picture)
