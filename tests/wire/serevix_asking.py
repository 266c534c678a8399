"""One request in the words of the Serevix gateway, and its errors taken apart."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import requests
from PIL import Image

from tests.running import Client
from tests.wire.raw import Answer

PATH = "/v1/images/generations"
MODEL = "sd3-medium"
PROMPT = "a red fox in fresh snow"
SEED = 4021


def ask(
    client: Client, image: bytes | None = None, headers: Mapping[str, str | None] | None = None, **changes: Any
) -> requests.Response:
    """A small request as a form, every field as text; ``changes`` override it, ``...`` takes a field away."""
    whole = {"model": MODEL, "prompt": PROMPT, "seed": SEED, **changes}
    fields = {name: (None, str(value)) for name, value in whole.items() if value is not ...}
    files: dict[str, Any] = {**fields, **({"image": ("picture", image)} if image is not None else {})}
    return client.post(PATH, files=files, headers={"Accept": "image/*", **(headers or {})})


def redraw(client: Client, image: bytes, strength: object = 0.5, **changes: Any) -> requests.Response:
    """The same in the mode that starts from a picture."""
    return ask(client, image, **{"mode": "image-to-image", "strength": strength, **changes})


def shown(answer: requests.Response, form: str = "PNG") -> np.ndarray:
    """The pixels of a picture that came; signed, so that differences can be taken."""
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    assert (image.format, image.mode) == (form, "RGB")
    return np.asarray(image).astype(np.int16)


def size(answer: requests.Response) -> tuple[int, int]:
    """Width and height of the picture that came."""
    height, width, _ = shown(answer).shape
    return width, height


def assert_error(
    answer: requests.Response | Answer,
    status: int,
    code: str,
    message: str | None = None,
    param: str | None = None,
    kind: str = "invalid_request_error",
) -> dict[str, Any]:
    """The answer is this error in the gateway's shape, keys in their order."""
    content = answer.body if isinstance(answer, Answer) else answer.content
    found = answer.status if isinstance(answer, Answer) else answer.status_code
    assert found == status, content
    assert answer.headers["content-type"] == "application/json"
    whole: dict[str, Any] = json.loads(content)
    error: dict[str, Any] = whole["error"]
    assert list(whole) == ["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert (error["type"], error["param"], error["code"]) == (kind, param, code)
    assert message is None or error["message"] == message
    return error
