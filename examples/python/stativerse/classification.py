"""Sort two texts into three topics: POST /models/v1/classification."""

import json
import os
import sys

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")

response = requests.post(
    f"{api_host}/models/v1/classification",
    headers={"Authorization": f"Bearer {api_key}"},
    json={
        "input": ["The referee gave a penalty in the last minute", "Stir the soup until it thickens"],
        "choices": ["sports", "cooking", "politics"],
    },
    timeout=120,
)
answer = response.json()
if not answer["ok"]:
    sys.exit(f"{response.status_code}: {answer['error']['code']}: {answer['error']['message']}")

print(json.dumps(answer, indent=2))
