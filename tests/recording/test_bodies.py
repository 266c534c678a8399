"""Bodies of answers as they are kept: readable, and still the same bytes."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from app.recording.bodies import needed, put_together, take_apart
from tests.pictures import png

PICTURE = b64encode(png(64, 64)).decode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"artifacts": [{"base64": "iVBORw0KGgo=", "seed": 1}]}\n',
        b'{"a":1,"a":2.50}',
        b"upstream connect error or disconnect/reset before headers",
        b"\xff\xfe\x00 no text",
        b"",
        b"null",
        b'{"credits":0.1234567890123456789}',
        b'{"artifacts":[{"base64":"file:response-1.png"},{"base64":"iVBORw0KGgo="}]}',
        b'{"artifacts":[{"base64":"iVBORw0KGgo"}]}',
        b'{"artifacts":[{"base64":"iVBORw0KGgp="}]}',
        b'{"artifacts":[{"base64":"iVBORw0KGgo=="}]}',
        b'{"base64":"aGVsbG8="}',
        b'"\\ud800"',
        b"[" * 100_000,
        b"\xff\xd8\xff\xe0 a JPEG",
        png(64, 64),
        json.dumps({"artifacts": [{"base64": PICTURE}] * 3}).encode(),
    ],
    ids=range(17),
)
def test_any_body_comes_back_to_the_byte(body: bytes) -> None:
    """Whatever a service sends, JSON in any layout, text, a picture, rubbish: what is kept makes the same bytes."""
    kept, files = take_apart(body)

    again = json.loads(json.dumps(kept))

    assert put_together(again, files) == body
    assert set(needed(again)) == set(files)


def test_compact_json_is_kept_as_json() -> None:
    """The answers of the API stand in the file as JSON, pictures as names of files."""
    body = b'{"artifacts":[{"base64":"%b","seed":5,"finishReason":"SUCCESS"}]}' % PICTURE.encode()

    kept, files = take_apart(body)

    artifact = {"base64": "file:response-1.png", "seed": 5, "finishReason": "SUCCESS"}
    assert kept == {"body": {"artifacts": [artifact]}, "pictures": ["response-1.png"]}
    assert files == {"response-1.png": png(64, 64)}
