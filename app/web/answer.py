"""What a handler answers with, before it is bytes on a wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json"
PNG = "image/png"


@dataclass(frozen=True, slots=True)
class Answer:
    """One complete HTTP answer; ``headers`` come on top of Content-Type and Content-Length."""

    status: int
    body: bytes
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = field(default=())

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The header block as ASGI wants it: lower-case latin-1 pairs."""
        own = (("content-type", self.media_type), ("content-length", str(len(self.body))), *self.headers)
        return [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in own]


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """``value`` as compact JSON."""
    return Answer(status, orjson.dumps(value), JSON, headers)
