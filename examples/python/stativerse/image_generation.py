"""Draw a picture of 512x512 from words and check it for safety: POST /models/v1/image-generation."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))

# Drawn at 768x512, then cut to a square around the middle and resized.
response = requests.post(
    f"{api_host}/models/v1/image-generation",
    headers={"Authorization": f"Bearer {api_key}"},
    json={
        "prompt": "a lighthouse on a cliff at dusk",
        "negative_prompt": "fog, people",
        "resolution": [768, 512],
        "post_resolution": [512, 512],
        "crop": True,
        "steps": 8,
        "guidance": 1,
        "safety_check": True,
        "output_format": "Base64 PNG",
        "seed": 42,
    },
    timeout=120,
)
answer = response.json()
if not answer["ok"]:
    sys.exit(f"{response.status_code}: {answer['error']['code']}: {answer['error']['message']}")

data = answer["data"]
out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_stativerse_image_generation_{data['seed']}.png"
picture.write_bytes(base64.b64decode(data["output"]))
print(picture)
print("prompt:", data["nsfw_input_classifier"]["highest"], "picture:", data["nsfw_output_classifier"])
