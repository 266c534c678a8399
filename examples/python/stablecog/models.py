"""List the models with their schedulers: GET /v1/image/generation/models."""

import json
import os
import sys

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")

response = requests.get(
    f"{api_host}/v1/image/generation/models", headers={"Authorization": f"Bearer {api_key}"}, timeout=60
)
if response.status_code != 200:
    sys.exit(f"{response.status_code}: {response.text}")

print(json.dumps(response.json(), indent=2))
