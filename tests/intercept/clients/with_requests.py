"""A client on requests."""

import json
import os

import requests

session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['STABILITY_API_KEY']}"
engines = session.get("https://api.stability.ai/v1/engines/list", timeout=30).json()
picture = session.post(
    "https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image",
    headers={"Accept": "image/png"},
    json={"text_prompts": [{"text": "a barn"}]},
    timeout=30,
).content
size = [int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")]
print(json.dumps({"engines": engines, "size": size}))
