"""A client on httpx."""

import json
import os

import httpx

with httpx.Client(headers={"Authorization": f"Bearer {os.environ['STABILITY_API_KEY']}"}, timeout=30) as client:
    engines = client.get("https://api.stability.ai/v1/engines/list").json()
    picture = client.post(
        "https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image",
        headers={"Accept": "image/png"},
        json={"text_prompts": [{"text": "a barn"}]},
    ).content
size = [int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")]
print(json.dumps({"engines": engines, "size": size}))
