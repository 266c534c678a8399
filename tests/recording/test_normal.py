"""The normal form of requests, without a server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from app.recording.normal import Normalizer, NormalRequest
from app.settings import Limits
from tests.pictures import png

SCHEMA = {
    "properties": {
        "init_image": {"type": "string", "x-binary": True},
        "steps": {"type": "integer"},
        "text_prompts": {"type": "array", "items": {"properties": {"text": {"type": "string"}}}},
    }
}
FACTS = {"method": "POST", "path": "/v1/x", "query": [], "headers": {}}
FORM = "multipart/form-data; boundary=b"


def normal(body: bytes | None, media: str = "application/json", *secrets: str, **facts: Any) -> NormalRequest:
    """The normal form of a body."""
    return asyncio.run(Normalizer(SCHEMA, Limits()).normal({**FACTS, **facts}, body, media, secrets))


def form(*parts: tuple[str, bytes]) -> bytes:
    """A form whose boundary is ``b``."""
    blocks = [b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b' % (n.encode(), v) for n, v in parts]
    return b"\r\n".join([*blocks, b"--b--", b""])


def test_a_form_is_the_same_as_json() -> None:
    """Fields of the contract have the same normal form however they came."""
    as_form = normal(form(("steps", b"10"), ("text_prompts[0][text]", b"a barn")), FORM)
    as_json = normal(b'{"text_prompts": [{"text": "a barn"}], "steps": 10.0}')

    assert as_form == as_json
    assert as_form.identity == as_json.identity


def test_fields_without_a_contract_count_too() -> None:
    """A part that the contract does not know is kept as text, or as a file where it is none."""
    request = normal(form(("colour", b"red"), ("../../x", b"\xff\x00")), FORM)

    assert request.fields["colour"] == "red"
    assert list(request.files) == ["request-_x.bin"]
    assert request.fields["../../x"]["file"] == "request-_x.bin"


def test_names_of_files_do_not_collide() -> None:
    """Two fields whose names differ only in what no file may be called are two files."""
    request = normal(form(("a/b", b"\xff\x01"), ("a.b", b"\xff\x02")), FORM)

    assert sorted(request.files.values()) == [b"\xff\x01", b"\xff\x02"]


def test_a_picture_is_named_by_what_it_is() -> None:
    """The name of a file tells its field and its kind; the hash tells it from others."""
    request = normal(form(("init_image", png(64, 64))), FORM)

    assert request.files == {"request-init_image.png": png(64, 64)}
    assert len(request.fields["init_image"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"{", "application/json"),
        (b"", "application/json"),
        (b"\xff", "text/plain"),
        (form(("steps", b"1"))[:-10], FORM),
        (b"x", "multipart/form-data"),
        (b"[" * 5000 + b"]" * 5000, "application/json"),
        (b"[" * 950 + b"]" * 950, "application/json"),
    ],
    ids=range(7),
)
def test_what_cannot_be_read_is_known_by_its_hash(body: bytes, media: str) -> None:
    """A broken body matches the same broken body and no other."""
    request = normal(body, media)

    assert request.files == {"request-body.bin": body}
    assert request == normal(body, media)
    assert request != normal(body + b" ", media)


@pytest.mark.parametrize(
    "body", [b'{"text_prompts": [{"sk-secret": "my key is sk-secret."}]}', b'{"broken": "sk-secret']
)
def test_secrets_are_struck_out(body: bytes) -> None:
    """Wherever a key stands, in names, texts, paths or what cannot be read, it is replaced."""
    request = normal(body, "application/json", "sk-secret", path="/v1/sk-secret", query=[("key", "sk-secret")])

    assert "sk-secret" not in json.dumps(request.facts)
    assert b"sk-secret" not in b"".join(request.files.values())
    assert request.facts["path"] == "/v1/(key)"


def test_halves_of_characters_can_be_stored() -> None:
    """JSON can smuggle in text that no file can hold; it becomes question marks."""
    request = normal(b'{"text_prompts": [{"text": "\\ud800"}], "steps": 1e2}')

    assert request.fields == {"steps": 100, "text_prompts": [{"text": "?"}]}
