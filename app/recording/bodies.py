"""Bodies of answers as people can read and compare them, from which the same bytes can be made again."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from app.recording.pictures import ending

ARTIFACT = re.compile(r'("base64"\s*:\s*")([A-Za-z0-9+/]+={0,2})"')
"""A picture in JSON, as all three versions send it."""

Files = dict[str, bytes]


def take_apart(body: bytes) -> tuple[dict[str, Any], Files]:
    """What stands in ``response.json`` for this body, and the files beside it.

    ``body`` is the value of compact JSON, ``text`` any other text. In both a picture is replaced by
    ``file:NAME``, and ``pictures`` lists the names. ``file`` is the name of a body that is no text.
    """
    if not body:
        return {}, {}
    kept, files = _as_text(body)
    if kept and put_together(kept, files) == body:
        return kept, files
    name = f"response-{'1' if ending(body) != '.bin' else 'body'}{ending(body)}"
    return {"file": name}, {name: body}


def put_together(kept: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The bytes of the body. Raises ``KeyError`` for a file that is not there."""
    if "file" in kept:
        return files[kept["file"]]
    text = _compact(kept["body"]) if "body" in kept else kept.get("text", "")
    for name in kept.get("pictures", ()):
        text = text.replace(f'"file:{name}"', f'"{b64encode(files[name]).decode()}"', 1)
    return text.encode()


def needed(kept: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the files that belong to a body."""
    return (kept["file"],) if "file" in kept else tuple(kept.get("pictures", ()))


def _as_text(body: bytes) -> tuple[dict[str, Any], Files]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {}, {}
    files: Files = {}

    def lift(found: re.Match[str]) -> str:
        try:
            data = b64decode(found[2])
        except ValueError:
            return found[0]
        if ending(data) == ".bin":
            return found[0]
        name = f"response-{len(files) + 1}{ending(data)}"
        files[name] = data
        return f'{found[1]}file:{name}"'

    text = ARTIFACT.sub(lift, text)
    value = _readable(text)
    kept = {"text": text} if value is None else {"body": value}
    return (kept | {"pictures": list(files)} if files else kept), files


def _readable(text: str) -> Any:
    """The value of JSON that writing it again gives back to the letter; None for any other text."""
    try:
        value = json.loads(text)
        json.dumps(value, indent=2)  # What is nested too deeply to be read can sometimes still be parsed.
        return value if _compact(value) == text else None
    except (ValueError, RecursionError):
        return None


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
