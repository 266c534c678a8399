"""What the journal says of one request, written while it is under way."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterable, MutableMapping
from typing import Any

import orjson

from app.web.answer import JSON, PNG
from app.web.call import Send
from app.worlds.journal import Entry, Journal
from app.worlds.now import Tab
from app.worlds.redaction import PictureNote, Redaction, note_of


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
            self._write(self._start, message.get("body", b""))
            self._start = None
        await self._send(message)

    def close(self) -> None:
        """The request is over, however it ended: what it was charged is certain now."""
        seconds = self._entry.seconds
        self._amend(seconds=self._passed() if seconds is None else seconds)

    def _write(self, start: MutableMapping[str, Any], body: bytes) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        answer, pictures = _told(dict(headers), body)
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
    if media == PNG:
        return None, (note_of(body, int(headers.get("seed", 0)), headers.get("finish-reason")),)
    if media != JSON:
        return body.decode("utf-8", "replace") or None, ()
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, ()
    artifacts = value.get("artifacts") if isinstance(value, dict) else None
    if not isinstance(artifacts, list):
        return value, ()
    pictures = tuple(_pictures(artifacts))
    shown = [{**one, "base64": f"sha256:{note.sha256}"} for one, note in zip(artifacts, pictures, strict=True)]
    return {"artifacts": shown}, pictures


def _pictures(artifacts: Iterable[Any]) -> Iterable[PictureNote]:
    for one in artifacts:
        try:
            data = base64.b64decode(one["base64"], validate=True)
        except binascii.Error:
            data = b""
        yield note_of(data, one["seed"], one["finishReason"])
