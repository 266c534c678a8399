"""One request in the words of Stablecog, its pictures fetched from where they are, and its errors taken apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import requests

from tests.pictures import pixels
from tests.running import Client
from tests.wire.raw import Answer

BASE = "/v1/image/generation"
CREATE = f"{BASE}/create"
OLDER = "/v1/image/generate"
PROMPT = "a red fox in fresh snow"
SEED = 4021

KANDINSKY = "22b0857d-7edc-4d00-9cd9-45aa509db093"
SD15 = "048b4aa3-5586-47ed-900f-f4341c96bdb2"
SDXL = "8002bc51-7260-468f-8840-cf1e6dbe3f8a"
P_SAMPLER = "b7224e56-1440-43b9-ac86-66d66f9e8c91"
EULER = "6fb13b76-9900-4fa4-abf8-8f843e034a7f"
DPM_2M = "9d175114-9a26-4371-861c-729ba9ecb4da"


def words(**changes: Any) -> dict[str, Any]:
    """A small cheap request; ``changes`` override it, ``...`` takes a word away."""
    whole = {"prompt": PROMPT, "seed": SEED, "num_outputs": 1, "width": 256, "height": 256, "inference_steps": 10}
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def ask(
    client: Client, path: str = CREATE, headers: Mapping[str, str | None] | None = None, **changes: Any
) -> requests.Response:
    """Pictures of a small cheap request."""
    return client.post(path, json=words(**changes), headers=headers)


def outputs(answer: requests.Response) -> list[dict[str, Any]]:
    """The pictures of a successful answer."""
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["outputs"]
    return found


def settings(answer: requests.Response) -> dict[str, Any]:
    """The settings of a successful answer."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["settings"]
    return found


def look(client: Client, url: str) -> requests.Response:
    """What is at an address of the server, asked for without a key."""
    assert url.startswith(client.url), url
    return client.get(url.removeprefix(client.url), headers={"Authorization": None})


def shown(client: Client, answer: requests.Response, index: int = 0) -> np.ndarray:
    """The pixels of one picture of a successful answer, fetched from its address."""
    return pixels(look(client, outputs(answer)[index]["url"]).content)


def size(client: Client, answer: requests.Response) -> tuple[int, int]:
    """Width and height of the first picture of an answer."""
    height, width, _ = shown(client, answer).shape
    return width, height


def listed(client: Client, **query: Any) -> dict[str, Any]:
    """A page of the caller's pictures."""
    answer = client.get(f"{BASE}/outputs", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def models(client: Client) -> dict[str, dict[str, Any]]:
    """Every model by its id."""
    return {row["id"]: row for row in client.get(f"{BASE}/models").json()["models"]}


def credits_of(client: Client) -> Decimal:
    """What is left, exact."""
    answer = client.get("/v1/credits")
    return Decimal(json.loads(answer.content, parse_float=str, parse_int=str)["total_remaining_credits"])


def assert_error(answer: requests.Response | Answer, status: int, code: str, description: str | None = None) -> str:
    """The answer is this error in the service's shape, checked to the byte; its description."""
    content = answer.body if isinstance(answer, Answer) else answer.content
    found = answer.status if isinstance(answer, Answer) else answer.status_code
    assert found == status, content
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, str] = json.loads(content)
    assert body["error"] == code
    assert description is None or body["description"] == description
    assert content == json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    assert list(body) == ["error", "description"]
    return body["description"]
