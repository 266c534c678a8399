"""Draw over a picture by a step schedule: POST /v1beta/generation/{engine_id}/image-to-image."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
assets = Path(__file__).resolve().parents[2] / "assets"
engine_id = "stable-diffusion-512-v2-1"

# step_schedule_start: 0 keeps the picture, 1 ignores it. step_schedule_end is the share left out at the end.
response = requests.post(
    f"{api_host}/v1beta/generation/{engine_id}/image-to-image",
    headers={"Authorization": f"Bearer {api_key}", "Accept": "application/json"},
    files={"init_image": (assets / "init_image.png").read_bytes()},
    data={
        "init_image_mode": "STEP_SCHEDULE",
        "step_schedule_start": 0.6,
        "step_schedule_end": 0.01,
        "text_prompts[0][text]": "the same lake in deep winter, oil painting",
        "text_prompts[0][weight]": 1,
        "steps": 30,
        "cfg_scale": 7,
    },
    timeout=120,
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

out.mkdir(parents=True, exist_ok=True)
for artifact in response.json()["artifacts"]:
    picture = out / f"python_v1beta_image_to_image_{artifact['seed']}.png"
    picture.write_bytes(base64.b64decode(artifact["base64"]))
    print(picture)
