"""Find the answer that is closest to a question: POST /models/v1/sentence."""

import json
import os
import sys

import requests

api_host = os.getenv("API_HOST", "http://127.0.0.1:8080")
api_key = os.getenv("STABILITY_API_KEY") or sys.exit("Set STABILITY_API_KEY to your API key and run this again.")

# Without normalizing, scores are cosine similarities from -1 to 1.
response = requests.post(
    f"{api_host}/models/v1/sentence",
    headers={"Authorization": f"Bearer {api_key}"},
    json={
        "input": "How do I reset my password?",
        "choices": ["I forgot my password", "Where is my parcel?", "The weather is fine"],
        "normalize": False,
    },
    timeout=120,
)
answer = response.json()
if not answer["ok"]:
    sys.exit(f"{response.status_code}: {answer['error']['code']}: {answer['error']['message']}")

print(json.dumps(answer, indent=2))
