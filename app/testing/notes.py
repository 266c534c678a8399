"""What the journal says of one request, written while it is under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson

from app.web.answer import JSON
from app.web.call import Send
from app.worlds.depicted import picture_bytes, pixel_bytes
from app.worlds.journal import Entry, Journal
from app.worlds.now import Tab
from app.worlds.redaction import PictureNote, Redaction, note_of

LARGE = 4_000_000
"""Bytes from which on an answer, such as a picture in plain numbers, is read off the event loop."""


class Notes:
    """ASGI's send that writes the answer into the journal before it passes it on.

    So who has the answer finds it in the journal, too. Every answer of ours has its whole body in one message.
    """

    def __init__(self, send: Send, journal: Journal, entry: Entry, redaction: Redaction, tab: Tab) -> None:
        self._send = send
        self._journal = journal
        self._entry = journal.add(entry)
        self._redaction = redaction
        self._tab = tab
        self._began = time.perf_counter()
        self._start: MutableMapping[str, Any] | None = None

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Note the answer when its body comes."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self._start is not None:
            await self._write(self._start, message.get("body", b""))
            self._start = None
        await self._send(message)

    def close(self) -> None:
        """The request is over, however it ended: what it was charged is certain now."""
        seconds = self._entry.seconds
        self._amend(seconds=self._passed() if seconds is None else seconds)

    async def _write(self, start: MutableMapping[str, Any], body: bytes) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        reading = (dict(headers), body)
        answer, pictures = await asyncio.to_thread(_told, *reading) if len(body) > LARGE else _told(*reading)
        self._amend(
            status=start["status"],
            answer_headers=self._redaction.headers(headers),
            answer=self._redaction.value(answer),
            pictures=pictures,
            seconds=self._passed(),
        )

    def _amend(self, **changes: Any) -> None:
        self._entry = self._journal.amend(self._entry, charged=self._tab.charged, **changes)

    def _passed(self) -> float:
        return round(time.perf_counter() - self._began, 6)


def _told(headers: dict[str, str], body: bytes) -> tuple[Any, tuple[PictureNote, ...]]:
    """The answer without its pictures, and the notes on these."""
    media = headers.get("content-type", "").partition(";")[0]
    if media.startswith("image/"):
        return None, (note_of(body, int(headers.get("seed", 0)), headers.get("finish-reason")),)
    if media != JSON:
        return body.decode("utf-8", "replace") or None, ()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, ()
    found: list[PictureNote] = []
    return _without_pictures(value, {}, found), tuple(found)


def _without_pictures(value: Any, beside: Mapping[str, Any], found: list[PictureNote]) -> Any:
    """A JSON value with each picture replaced by its hash; ``found`` gets the notes, with what stands ``beside``."""
    data = picture_bytes(value)
    if data is None:
        data = pixel_bytes(value)
    if data is not None:
        note = note_of(data, _seed(beside.get("seed")), _reason(beside))
        found.append(note)
        return f"sha256:{note.sha256}"
    if isinstance(value, dict):
        near = {**beside, **value}
        return {name: _without_pictures(part, near, found) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_pictures(part, beside, found) for part in value]
    return value


def _seed(value: Any) -> int | None:
    """A seed as services write it: as a number, or as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 20 else None


def _reason(beside: Mapping[str, Any]) -> str | None:
    found = beside.get("finishReason", beside.get("finish_reason"))
    return found if isinstance(found, str) else None
