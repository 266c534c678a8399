"""Draw over a picture: POST /models/v1/image-edit."""

import base64
import os
import sys
from pathlib import Path

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")
out = Path(os.getenv("OUT_DIR", "out"))
assets = Path(__file__).resolve().parents[2] / "assets"

# Without a resolution the answer has the size of the picture that is sent.
response = requests.post(
    f"{api_host}/models/v1/image-edit",
    headers={"Authorization": f"Bearer {api_key}"},
    json={
        "prompt": "the same lake in deep winter, oil painting",
        "image": base64.b64encode((assets / "init_image.png").read_bytes()).decode(),
    },
    timeout=120,
)
answer = response.json()
if not answer["ok"]:
    sys.exit(f"{response.status_code}: {answer['error']['code']}: {answer['error']['message']}")

data = answer["data"]
out.mkdir(parents=True, exist_ok=True)
picture = out / f"python_stativerse_image_edit_{data['seed']}.png"
picture.write_bytes(base64.b64decode(data["output"]))
print(picture)
