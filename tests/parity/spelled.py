"""Requests spelled out from the contracts: every part of every body, query, key, path, method and media type."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.parity.contracts import FORM, JSON, OPERATIONS, Operation
from tests.parity.sent import Sent
from tests.parity.spelled_forms import BOUNDARY, form, strange_forms
from tests.parity.values import bodies, valid, variants
from tests.running import KEY

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")
ENDS = ("/", "/more", "%2F", "//", "x")
SEGMENTS = ("a%2Fb", "%0Aa", "%20", "%C3%A9", "..", "%00", "*", "")
KEYS = (None, "", " ", KEY, f"Bearer {KEY}", f"bearer  {KEY}", f"BEARER {KEY}", f" {KEY} ", "Bearer", "Bearer ")
STRANGE_KEYS = (f"Basic {KEY}", KEY[:-1], KEY + "x", f"Bearer {KEY} {KEY}", f"Bearer{KEY}", "sk-" + "x" * 600, "é" * 51)
MEDIA = (None, "", JSON, "Application/JSON", f"{JSON}; charset=utf-8", f"{JSON};charset=utf-16", f"{JSON} ; a=b", "*/*")
STRANGE_MEDIA = ("text/plain", "application/x-www-form-urlencoded", "application/a+json", "image/png", "json", ";")
FORM_MEDIA = (FORM, f"{FORM}; boundary=", f"{FORM}; boundary={BOUNDARY}", "multipart/mixed; boundary=x", "multipart/")
TEXTS = (
    *(b"", b" ", b"null", b"true", b"0", b'"x"', b"[]", b"{}", b"{", b"}", b"[{}]", b"{'a': 1}", b"{}x", b"{},{}"),
    *(b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b'{"a": "\xff"}', b'{"a":\x00}', b" \n{} \t", b"\x00", b"/**/{}"),
    *(b'{"a": 1, "a": 2}', b'{"a": 01}', b'{"a": .5}', b'{"a": +1}', b'{"a": "\t"}', b'{"a": "\\u12"}'),
)
STRANGE_NUMBERS = ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1E2", "-0", "10.0", "12e-1", "1" + "0" * 40)
"""What only some readers take, what no double holds, and other ways to write what they do."""
STRANGE_TEXTS = (
    *(r'"\ud800"', r'"\udc00\ud800"', r'"\ud83e\udd8a"', '"\x7f"', '{"a": 1, "a": {}}', "1" * 300, "1" * 301),
    *("[" + "0," * 10_001 + "0]", "[" * 200 + "]" * 200, "[" * 300 + "]" * 300, "[" * 100_000 + "]" * 100_000),
)
"""What is too much, too deep, or half a character."""
QUERIES = ("", "unknown=1", "unknown", "&&", "=", "a[b]=1", "%ff=%zz", "+=+")


def spelled() -> Iterator[Sent]:
    """All of them, with a key wherever something else is looked at."""
    for operation in OPERATIONS:
        base = usual(operation)
        yield base
        yield from _around(base, operation)
        yield from _queries(base, operation)
        for media, schema in operation.content.items():
            yield from (worded(base, media, body) for body in bodies(schema))
            yield from (base.with_body(text, base.header("Content-Type")) for text in TEXTS)
            yield from _strange_json(base, schema) if media == JSON else strange_forms(base, schema)


def usual(operation: Operation) -> Sent:
    """A valid request with a key."""
    target = re.sub(r"\{[^}]*\}", "stable-diffusion-v1-6", operation.template)
    sent = Sent(operation.method, target, (("Authorization", f"Bearer {KEY}"),))
    for media, schema in operation.content.items():
        return worded(sent, media, valid(schema, whole=False))
    return sent


def worded(sent: Sent, media: str, body: Any) -> Sent:
    """The request with this body as the media type has it; forms only know objects, others are sent as JSON."""
    if media == FORM and isinstance(body, dict):
        return sent.with_body(form(body), f"{FORM}; boundary={BOUNDARY}")
    return sent.with_body(json.dumps(body).encode(), JSON)


def _around(base: Sent, operation: Operation) -> Iterator[Sent]:
    """The same body and another method, path, key or media type, or a length that is not told."""
    yield from (replace(base, method=method) for method in METHODS)
    yield from (replace(base, target=base.target + end) for end in ENDS)
    if "{" in operation.template:
        targets = (re.sub(r"\{[^}]*\}", segment, operation.template) for segment in SEGMENTS)
        yield from (replace(base, target=target) for target in targets)
    yield from (base.with_header("Authorization", key) for key in (*KEYS, *STRANGE_KEYS))
    yield base.with_header("Authorization", None).with_body(b"{", JSON)
    if operation.content:
        yield base.with_header("Content-Length", None)
        yield from (base.with_header("Content-Type", media) for media in (*MEDIA, *STRANGE_MEDIA, *FORM_MEDIA))


def _queries(base: Sent, operation: Operation) -> Iterator[Sent]:
    yield from (replace(base, target=f"{base.target}?{query}") for query in QUERIES)
    yield replace(base, target=f"{base.target}?{'&'.join(['a=1'] * 150)}")
    for name, parameter in operation.queries.items():
        for value in variants(parameter["schema"]):
            text = value if isinstance(value, str) else json.dumps(value)
            escaped = "".join(f"%{byte:02X}" for byte in text.encode())
            yield replace(base, target=f"{base.target}?{name}={escaped}")
            yield replace(base, target=f"{base.target}?{name}=x&{name}={escaped}")


def _strange_json(base: Sent, schema: Mapping[str, Any]) -> Iterator[Sent]:
    """What JSON's grammar, or a lenient reader, lets through where a value stands: nobody's field, and every number."""
    body = valid(schema, whole=False)
    numbers = (name for name, part in schema["properties"].items() if part.get("type") in {"number", "integer"})
    texts = [("nobodys", text) for text in (*STRANGE_NUMBERS, *STRANGE_TEXTS)]
    for name, text in (*texts, *itertools.product(numbers, STRANGE_NUMBERS)):
        others = "".join(f", {json.dumps(key)}: {json.dumps(value)}" for key, value in body.items() if key != name)
        yield base.with_body(f'{{"{name}": {text}{others}}}'.encode(), JSON)
