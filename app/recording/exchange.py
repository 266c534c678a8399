"""An exchange as a folder: `request.json`, `response.json`, and every picture as a file of its own."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.recording import bodies
from app.recording.normal import NormalRequest, identity
from app.web.answer import Answer

REQUEST, RESPONSE = "request.json", "response.json"
FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


class BrokenExchange(Exception):
    """A folder holds no exchange that can be used; the message says which file, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; pictures stay on disk until they are asked for."""

    folder: Path
    request: Mapping[str, Any]
    """``NormalRequest.facts``."""
    response: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """Equal to that of every request it answers."""
        return identity(self.request)

    def answer(self) -> Answer:
        """The answer, byte for byte. Raises ``OSError`` where a file was taken away."""
        files = {name: (self.folder / name).read_bytes() for name in bodies.needed(self.response)}
        headers = dict(self.response["headers"])
        media = headers.pop("content-type", "")
        return Answer(self.response["status"], bodies.put_together(self.response, files), media, tuple(headers.items()))


def write(folder: Path, request: NormalRequest, answer: Answer) -> Exchange:
    """Make ``folder``, whole or not at all."""
    body, files = bodies.take_apart(answer.body)
    headers = {"content-type": answer.media_type, **dict(answer.headers)}
    response = {"status": answer.status, "headers": dict(sorted(headers.items())), **body}
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, data in {**request.files, **files}.items():
        (draft / name).write_bytes(data)
    (draft / REQUEST).write_text(_lines(request.facts), "utf-8")
    (draft / RESPONSE).write_text(_lines(response), "utf-8")
    draft.rename(folder)
    return Exchange(folder, request.facts, response)


def read(folder: Path) -> Exchange:
    """The exchange in ``folder``. Raises ``BrokenExchange``."""
    request, response = _object(folder / REQUEST), _object(folder / RESPONSE)
    if not all(isinstance(request.get(name), str) for name in ("method", "path")):
        raise BrokenExchange(f"{folder.name}/{REQUEST}: method and path must be texts")
    headers = response.get("headers")
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise BrokenExchange(f"{folder.name}/{RESPONSE}: headers must be an object of texts")
    status = response.get("status")
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise BrokenExchange(f"{folder.name}/{RESPONSE}: status must be a number from 200 to 599")
    _check_files(folder, response)
    return Exchange(folder, request, response)


def _check_files(folder: Path, response: Mapping[str, Any]) -> None:
    names = [response.get("file", "x"), response.get("text", "x"), *_listed(response)]
    if not all(isinstance(name, str) for name in names):
        raise BrokenExchange(f"{folder.name}/{RESPONSE}: file, text and pictures must be texts")
    for name in bodies.needed(response):
        if not FILE.fullmatch(name) or not (folder / name).is_file():
            raise BrokenExchange(f"{folder.name}/{name}: there is no such file")


def _listed(response: Mapping[str, Any]) -> list[Any]:
    pictures = response.get("pictures", [])
    return pictures if isinstance(pictures, list) else [pictures, None]


def _object(path: Path) -> dict[str, Any]:
    where = f"{path.parent.name}/{path.name}"
    try:
        found = json.loads(path.read_bytes())
    except OSError as problem:
        raise BrokenExchange(f"{where}: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise BrokenExchange(f"{where}: no JSON ({problem})") from problem
    if not isinstance(found, dict):
        raise BrokenExchange(f"{where}: must hold an object")
    return found


def _lines(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
