"""List all finished pictures that are still shown, page by page: GET /v1/image/generation/outputs."""

import json
import os
import sys

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")

pictures, cursor = [], ""
while cursor is not None:
    response = requests.get(
        f"{api_host}/v1/image/generation/outputs",
        headers={"Authorization": f"Bearer {api_key}"},
        params={"per_page": 20, "cursor": cursor},
        timeout=60,
    )
    if response.status_code != 200:
        sys.exit(f"{response.status_code}: {response.text}")
    page = response.json()
    pictures += page["outputs"]
    cursor = page.get("next")

print(json.dumps({"total_count": page["total_count"], "outputs": pictures}, indent=2))
