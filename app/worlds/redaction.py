"""What a journal may keep of a request: secrets become hashes, files hashes and sizes, long texts short ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.worlds.depicted import picture_bytes, pixel_bytes
from engines.containers import open_container
from engines.errors import PictureUnreadable

SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
TEXT = 2000
"""Characters of one text that are kept: the longest prompt a contract allows."""
ALTOGETHER = 20_000
"""Characters of all texts of one value, names included."""
DEPTH = 8


@dataclass(frozen=True, slots=True)
class PictureNote:
    """What is kept of a picture that was sent; seed and finish reason are those of the answer it stood in."""

    sha256: str
    bytes: int
    width: int | None
    height: int | None
    seed: int | None = None
    finish_reason: str | None = None

    def plain(self) -> dict[str, Any]:
        """As JSON says it; None where nothing is known."""
        return {name: getattr(self, name) for name in self.__slots__}


def note_of(data: bytes, seed: int | None = None, finish_reason: str | None = None) -> PictureNote:
    """The note on a file; one that is no picture has no size."""
    try:
        container = open_container(data)
        size: tuple[int | None, int | None] = container.width, container.height
    except PictureUnreadable:
        size = None, None
    return PictureNote(hashlib.sha256(data).hexdigest(), len(data), *size, seed, finish_reason)


def hashed(secret: str) -> str:
    """A secret as it may be shown: the same one always alike, and nothing to guess it from but guesses."""
    return f"sha256:{hashlib.sha256(secret.encode('utf-8', 'replace')).hexdigest()[:12]}"


class Redaction:
    """Redacts one request; ``key`` is replaced wherever it stands."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._mark = hashed(key)

    def text(self, text: str) -> str:
        """Without the key, and not too long."""
        clean = text.replace(self._key, self._mark) if self._key else text
        return clean if len(clean) <= TEXT else f"{clean[:TEXT]}… ({len(clean)} characters)"

    def headers(self, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
        """By name; repeated ones joined with a comma, secret ones as hashes of what they hold."""
        found: dict[str, str] = {}
        for name, value in pairs:
            shown = hashed(value) if name.lower() in SECRET_HEADERS else self.text(value)
            found[name] = f"{found[name]}, {shown}" if name in found else shown
        return found

    def value(self, value: Any) -> Any:
        """Any JSON value, its files as notes; what goes beyond the bounds is left out and said so."""
        return _Bounded(self).cut(value, DEPTH)


class _Bounded:
    """Copies one value as long as there is room for it."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._left = ALTOGETHER

    def cut(self, value: Any, depth: int) -> Any:
        picture = picture_bytes(value)
        if picture is None:
            picture = pixel_bytes(value)
        if picture is not None:
            return note_of(picture).plain()
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping | list | tuple):
            if not depth or self._left <= 0:
                return "…"
            return self._mapping(value, depth) if isinstance(value, Mapping) else self._items(value, depth)
        self._left -= 8
        return value if not isinstance(value, int) or abs(value) < 2**63 else self._text(str(value))

    def _mapping(self, value: Mapping[str, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, part in value.items():
            if self._left <= 0:
                found["…"] = f"{len(value) - len(found)} more"
                break
            found[self._text(str(name))] = self.cut(part, depth - 1)
        return found

    def _items(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        found: list[Any] = []
        for part in value:
            if self._left <= 0:
                found.append(f"… {len(value) - len(found)} more")
                break
            found.append(self.cut(part, depth - 1))
        return found

    def _text(self, text: str) -> str:
        shown = self._redaction.text(text).encode("utf-8", "replace").decode()
        self._left -= len(shown) + 2
        return shown
