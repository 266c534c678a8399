"""Requests in the words of Stativerse, and its answers taken out of their envelope."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from tests.pictures import png
from tests.running import Client

BASE = "/models/v1"
DRAW, EDIT, CLASSIFY, COMPARE = "image-generation", "image-edit", "classification", "sentence"
PICTURES, TEXTS = (DRAW, EDIT), (CLASSIFY, COMPARE)
every_endpoint = pytest.mark.parametrize("endpoint", [*PICTURES, *TEXTS])
every_picture = pytest.mark.parametrize("endpoint", PICTURES)
every_text = pytest.mark.parametrize("endpoint", TEXTS)

PROMPT = "a lighthouse on a cliff"
SEED = 4021
SIDE = 64
"""The shortest side there is, for tests that only look at what is around a picture."""
IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def ask(client: Client, endpoint: str, **changes: Any) -> requests.Response:
    """A small cheap request; ``changes`` override it, ``...`` takes a word away."""
    whole = {**_usual(endpoint), **changes}
    return client.post(f"{BASE}/{endpoint}", json={name: value for name, value in whole.items() if value is not ...})


def _usual(endpoint: str) -> dict[str, Any]:
    if endpoint == DRAW:
        return {"prompt": PROMPT, "seed": SEED, "resolution": [SIDE, SIDE]}
    if endpoint == EDIT:
        return {"prompt": PROMPT, "seed": SEED, "image": encoded(png(SIDE, SIDE))}
    return {"input": "The referee gave a penalty", "choices": ["cooking", "sports"]}


def encoded(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode()


def data(answer: requests.Response) -> Any:
    """What a success holds."""
    assert answer.status_code == 200, answer.text[:300]
    body = answer.json()
    assert list(body) == ["ok", "data", "error"]
    assert (body["ok"], body["error"]) == (True, None)
    return body["data"]


def image(answer: requests.Response) -> Image.Image:
    """The file in a success."""
    shown = Image.open(io.BytesIO(base64.b64decode(data(answer)["output"], validate=True)))
    shown.load()
    return shown


def pixels(answer: requests.Response) -> np.ndarray:
    """The pixels in a success, as signed numbers."""
    return np.asarray(image(answer)).astype(np.int16)


def refused(answer: requests.Response, status: int, code: str, message: str | None = None) -> str:
    """Fail unless the answer is this error; its message."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["ok", "data", "error"]
    assert (body["ok"], body["data"], list(body["error"])) == (False, None, ["code", "message"])
    assert body["error"]["code"] == code
    said: str = body["error"]["message"]
    assert message is None or said == message
    return said
