"""One request in the words of aithriving, its pictures and its failures."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import requests

from tests.pictures import pixels
from tests.running import Client
from tests.wire.raw import Answer

PATH = "/api/generate/core"
PROMPT = "a red fox in fresh snow"
SEED = 4021


def ask(client: Client, headers: Mapping[str, str | None] | None = None, **changes: Any) -> requests.Response:
    """A small request; ``changes`` override it, ``...`` takes a field away."""
    whole = {"prompt": PROMPT, "width": 320, "height": 320, "seed": SEED, **changes}
    return client.post(PATH, json={name: value for name, value in whole.items() if value is not ...}, headers=headers)


def by_ratio(client: Client, **changes: Any) -> requests.Response:
    """The same without a width and a height."""
    return ask(client, **{"width": ..., "height": ..., **changes})


def data(answer: requests.Response) -> dict[str, Any]:
    """What a success holds beside its code and message."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["message"]) == (0, "success")
    found: dict[str, Any] = body["data"]
    return found


def shown(answer: requests.Response) -> np.ndarray:
    """The pixels of the picture that came; signed, so that differences can be taken."""
    return pixels(base64.b64decode(data(answer)["image"], validate=True))


def size(answer: requests.Response) -> tuple[int, int]:
    """Width and height of the picture that came."""
    height, width, _ = shown(answer).shape
    return width, height


def assert_failure(answer: requests.Response | Answer, status: int, message: str | None = None) -> str:
    """The answer is a failure in aithriving's shape, keys in their order; its reason."""
    content = answer.body if isinstance(answer, Answer) else answer.content
    found = answer.status if isinstance(answer, Answer) else answer.status_code
    assert found == status, content
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = json.loads(content)
    assert list(body) == ["code", "message", "data"]
    assert (body["code"], body["data"]) == (-1, None)
    assert message is None or body["message"] == message
    assert body["message"]
    return str(body["message"])
