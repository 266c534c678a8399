"""The shape of an error in each version, checked to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import requests

from tests.wire.raw import Answer

IDENTITY = {"v1": r"[0-9a-f]{32}", "v1beta": r"[0-9a-f]{32}", "v1alpha": r"[A-Za-z0-9_-]{8}"}
TIMEOUT = {408, 504}


def assert_error(
    answer: requests.Response | Answer, version: str, status: int, name: str, message: str | None = None
) -> dict[str, Any]:
    """The answer is this error in the shape of this version; its body."""
    content, headers = _opened(answer)
    assert _status(answer) == status, content
    assert headers["content-type"] == "application/json"
    body: dict[str, Any] = json.loads(content)
    assert body["name"] == name
    assert message is None or body["message"] == message
    assert re.fullmatch(IDENTITY[version], body["id"])
    assert content == _written(version, status, body, temporary="retry-after" in headers), (
        "other keys, another order, or blanks"
    )
    assert headers.get("goa-error") == (name if version == "v1alpha" else None)
    return body


def _written(version: str, status: int, body: dict[str, Any], *, temporary: bool) -> bytes:
    three = {"id": body["id"], "message": body["message"], "name": body["name"]}
    goa = {
        "name": body["name"],
        "id": body["id"],
        "message": body["message"],
        "temporary": temporary,
        "timeout": status in TIMEOUT,
        "fault": status >= 500,
    }
    chosen = goa if version == "v1alpha" else three
    return json.dumps(chosen, separators=(",", ":"), ensure_ascii=False).encode()


def _opened(answer: requests.Response | Answer) -> tuple[bytes, Mapping[str, str]]:
    return (answer.body if isinstance(answer, Answer) else answer.content), answer.headers


def _status(answer: requests.Response | Answer) -> int:
    return answer.status if isinstance(answer, Answer) else answer.status_code
