"""A client on the standard library."""

import json
import os
from urllib.request import Request, urlopen

KEY = f"Bearer {os.environ['STABILITY_API_KEY']}"

with urlopen(Request("https://api.stability.ai/v1/engines/list", headers={"Authorization": KEY})) as answer:
    engines = json.load(answer)
request = Request(
    "https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image",
    data=json.dumps({"text_prompts": [{"text": "a barn"}]}).encode(),
    headers={"Authorization": KEY, "Accept": "image/png", "Content-Type": "application/json"},
)
with urlopen(request) as answer:
    picture = answer.read()
size = [int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")]
print(json.dumps({"engines": engines, "size": size}))
