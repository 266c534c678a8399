"""What must stay between a caller and the server: prompts, and the files that open everything."""

from __future__ import annotations

import itertools
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.pictures import png
from tests.running import PATIENCE, VERSIONS, Server

MakeServer = Callable[..., Server]

FORM = "multipart/form-data; boundary=b"
ASKED = ("text-to-image", "image-to-image", "image-to-image/masking")


class Secrets:
    """Prompts with a word in them that nobody else would ever write, another one each time."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1000)
        self.words: list[str] = []

    def prompt(self, beginning: str = "a barn at dusk", length: int = 0) -> str:
        """A prompt, made longer with more of its word where a length is wanted."""
        word = f"qoxzebu{next(self._numbers)}vyk"
        self.words.append(word)
        text = f"{beginning} {word} with two owls"
        return text if len(text) >= length else (f"{text} {word}" * length)[:length]


@pytest.fixture
def secrets() -> Secrets:
    """A fresh supply of prompts."""
    return Secrets()


@pytest.mark.parametrize("version", VERSIONS)
def test_prompts_are_never_logged(make_server: MakeServer, secrets: Secrets, version: str) -> None:
    """However much is logged, and whatever becomes of the request: no word of a prompt is in the output."""
    server = make_server("--log-level", "debug")
    url, headers = f"{server.url}/{version}/generation/stable-diffusion-v1-5", {"Authorization": server.key}

    with requests.Session() as session:
        answers = [
            session.post(f"{url}/{task}", data=body, headers=headers | {"Content-Type": kind}, timeout=PATIENCE)
            for task, kind, body in (*in_json(secrets), *in_forms(secrets, version))
        ]

    assert server.stop() == 0
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 400, 415}
    assert [answer.status_code for answer in answers].count(200) == 5
    assert [answer.status_code for answer in answers if "CONTENT_FILTERED" in answer.text] == [200]
    assert [answer.status_code for answer in answers if "invalid_prompts" in answer.text] == [400] * 2
    assert server.output().count('"event":"request"') >= len(answers)
    assert [word for word in secrets.words if word in server.output()] == []


def test_files_that_open_everything_are_the_owners_alone(make_server: MakeServer, tmp_path: Path) -> None:
    """The kept key has mode 600, the folder of the store 700 and its socket 600, though others may read new files."""
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        make_server(UNDERSTUDY_API_KEY="")
    finally:
        os.umask(before)

    modes = {name: stat.S_IMODE((home / name).stat().st_mode) for name in ("api_key", "store", "store/server.sock")}
    assert modes == {"api_key": 0o600, "store": 0o700, "store/server.sock": 0o600}


def in_json(secrets: Secrets) -> Iterator[tuple[str, str, bytes]]:
    """Text-to-image: two good requests, one of them filtered, and many kinds of mistakes around a prompt."""
    for prompts in (
        [{"text": secrets.prompt()}],
        [{"text": secrets.prompt("a nude figure")}],
        [{"text": secrets.prompt("a snuff film")}],
        [{"text": secrets.prompt(length=2001)}],
        [{"text": [secrets.prompt()]}],
        [{"text": secrets.prompt(), "weight": 11}],
        [{"text": secrets.prompt(), "weight": secrets.prompt()}],
        [{secrets.prompt(): 1}],
        [secrets.prompt()],
        secrets.prompt(),
    ):
        yield "text-to-image", "application/json", json.dumps({"text_prompts": prompts, "steps": 10}).encode()
    for broken in (f'{{"text_prompts": [{{"text": "{secrets.prompt()}', secrets.prompt(), f'"{secrets.prompt()}"'):
        yield "text-to-image", "application/json", broken.encode()
    latin = json.dumps({"text_prompts": [{"text": secrets.prompt("é")}]}, ensure_ascii=False).encode("latin-1")
    yield "text-to-image", "application/json", latin
    yield "text-to-image", FORM, form(("text_prompts", secrets.prompt().encode()))


def in_forms(secrets: Secrets, version: str) -> Iterator[tuple[str, str, bytes]]:
    """Image-to-image and masking: good requests, mistakes in a prompt, and mistakes around it."""
    init, mask = ("init_image", png(512, 512)), ("mask_image", png(512, 512, "L"))

    def words(text: str) -> tuple[tuple[str, bytes], ...]:
        if version == "v1alpha":
            told = {"text_prompts": [{"text": text}], "steps": 10, "mask_source": "MASK_IMAGE_BLACK"}
            return (("options", json.dumps(told).encode()),)
        flat = {"text_prompts[0][text]": text, "steps": "10", "mask_source": "MASK_IMAGE_BLACK"}
        return tuple((name, value.encode()) for name, value in flat.items())

    for task in ASKED[1:]:
        yield task, FORM, form(init, mask, *words(secrets.prompt()))
        yield task, FORM, form(init, mask, *words(secrets.prompt(length=2001)))
        yield task, FORM, form(("init_image", secrets.prompt().encode()), mask, *words(secrets.prompt()))
        yield task, FORM, form(init, mask, *words(secrets.prompt())).replace(b"--b--", b"")
        yield task, "application/json", json.dumps({"text_prompts": [{"text": secrets.prompt()}]}).encode()
    yield "image-to-image", FORM, form(init, *words(secrets.prompt("a snuff film")))
    yield "image-to-image", FORM, form(init, *words(secrets.prompt()), (secrets.prompt(), b"x"))
    yield "image-to-image", FORM, form(init, ("options", secrets.prompt().encode()), ("text_prompts", b"[x"))


def form(*fields: tuple[str, bytes]) -> bytes:
    """A form with the boundary ``b``."""
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(part % (name.encode(), value) for name, value in fields) + b"--b--\r\n"
