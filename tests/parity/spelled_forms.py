"""Values as forms, the way clients write them, and forms that are strange in ways of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.parity.contracts import FORM
from tests.parity.sent import Sent
from tests.parity.values import valid

BOUNDARY = "3c1e5f"
ARABIC = "\u0661\u0660\u0662\u0664"
NUMBERS = (" 1024", "1024 ", "1_024", "+1024", "1024.0", "1024.", "1e3", "0x400", "nan", "inf", "", ARABIC, "1" * 400)
"""Ways to write a number, or nearly one."""


def form(body: Mapping[str, Any]) -> bytes:
    """A value as a form: lists of objects under names in brackets, other objects and lists as JSON."""
    return closed(*(part(name, data) for name, data in fields(body)))


def fields(body: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The names and contents of its parts."""
    for name, value in body.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) and item for item in value):
            for index, item in enumerate(value):
                yield from ((f"{name}[{index}][{key}]", _data(inner)) for key, inner in item.items())
        else:
            yield name, _data(value)


def part(name: str, data: bytes, more: str = "") -> bytes:
    """One part; ``more`` stands behind its name."""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + data + b"\r\n"


def closed(*parts: bytes) -> bytes:
    """Parts with the closing boundary."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def strange_forms(base: Sent, schema: Mapping[str, Any]) -> Iterator[Sent]:
    """Parts twice, texts with a filename, large files without one, numbers in other writing, forms that break off."""
    yield from (base.with_body(body, f"{FORM}; boundary={BOUNDARY}") for body in _strange(schema))
    yield base.with_header("Content-Type", None)


def _strange(schema: Mapping[str, Any]) -> Iterator[bytes]:
    usual = [part(name, data) for name, data in fields(valid(schema, whole=False))]
    for name, known in schema["properties"].items():
        value = _data(valid(known, whole=False))
        yield closed(*usual, part(name, b"\xff\xfe"))
        yield closed(*usual, part(name, b"no"), part(name, value))
        yield closed(*usual, part(name, value, '; filename="a.txt"'))
        yield closed(*usual, part(name, b"\x89PNG" + b"\x00" * 1_100_000)) if known.get("format") == "binary" else b""
        if known.get("type") in {"integer", "number"}:
            yield from (closed(*usual, part(name, number.encode())) for number in NUMBERS)
    whole = closed(*usual)
    yield from (whole[:-8], whole[:-60], whole[1:], b"\r\n" + whole, whole + b"more", whole.replace(b"\r\n", b"\n"))
    yield closed(*usual, part("a" * 300, b""), part("", b"x"), part("[", b"x"), part("a]b[c", b"x"))
    yield closed(*usual, *(part("a", b"") for _ in range(300)))


def _data(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()
