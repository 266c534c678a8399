"""Draw two pictures of 512x512 and fetch them from where they are: POST /v1/image/generation/create."""

import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
stable_diffusion = "048b4aa3-5586-47ed-900f-f4341c96bdb2"

response = requests.post(
    f"{api_host}/v1/image/generation/create",
    headers={"Authorization": f"Bearer {api_key}"},
    json={
        "prompt": "a lighthouse on a cliff at dusk",
        "negative_prompt": "fog, people",
        "model_id": stable_diffusion,
        "width": 512,
        "height": 512,
        "num_outputs": 2,
        "guidance_scale": 7,
        "inference_steps": 30,
        "seed": 42,
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

answer = response.json()
out.mkdir(parents=True, exist_ok=True)
for output in answer["outputs"]:
    fetched = requests.get(output["url"], timeout=60)  # No key: whoever knows the address sees the picture.
    fetched.raise_for_status()
    picture = out / f"python_stablecog_create_{output['seed']}.png"
    picture.write_bytes(fetched.content)
    print(picture)
print("credits left:", answer["remaining_credits"])
