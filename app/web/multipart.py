"""Multipart bodies as a list of parts: bounded while they stream in, indifferent to filenames and types."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import BadBody
from app.settings import Limits

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

USUAL_BYTES = 200
"""How long the description of a part may be to be remembered."""


SMALL_BYTES = 4096
"""Pieces of a part that are copied as they come; a larger one is kept where it is until the part is complete."""


class Part:
    """One part: the name of its field and its bytes. Filename and Content-Type say nothing reliable."""

    def __init__(self, name: str = "", data: bytes = b"") -> None:
        self.name = name
        self._pieces: list[memoryview | bytearray] = [bytearray(data)]

    def add(self, piece: memoryview) -> None:
        """The next piece."""
        if len(piece) > SMALL_BYTES:
            self._pieces.append(piece)
        elif isinstance(self._pieces[-1], bytearray):
            self._pieces[-1] += piece
        else:
            self._pieces.append(bytearray(piece))

    @functools.cached_property
    def data(self) -> bytes:
        """All of it; to be asked for when it is complete."""
        return b"".join(self._pieces)


async def read_parts(content_type: str, chunks: AsyncIterator[bytes], limits: Limits) -> list[Part]:
    """All parts in the order they came. Raises ``BadBody``, and what ``chunks`` raises."""
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadBody("multipart/form-data without a boundary")
    collector = _Collector(limits)
    try:
        parser = MultipartParser(boundary, collector.callbacks())
        async for chunk in chunks:
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise BadBody("broken multipart/form-data") from None
    if not collector.complete:
        raise BadBody("multipart/form-data ends before its closing boundary")
    return collector.parts


class _Collector:
    """Gathers what the streaming parser reports."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._header = bytearray()
        self._value = bytearray()
        self._part = Part()
        self.parts: list[Part] = []
        self.complete = False

    def callbacks(self) -> MultipartCallbacks:
        """The parser's callbacks, by the names it knows."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        if len(self.parts) >= self._limits.parts:
            raise BadBody(f"more than {self._limits.parts} parts")
        self._part = Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            value = bytes(self._value)
            self._part.name = _known_name(value) if len(value) <= USUAL_BYTES else _name_in(value)
        self._header.clear()
        self._value.clear()

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._part.add(memoryview(data)[start:end])

    def _end(self) -> None:
        self.parts.append(self._part)

    def _finish(self) -> None:
        self.complete = True


def _name_in(disposition: bytes) -> str:
    """The name of a field."""
    _, options = parse_options_header(disposition)
    return options.get(b"name", b"").decode("utf-8", "replace")


_known_name = functools.lru_cache(maxsize=512)(_name_in)
"""The same, remembered: a client's parts are called alike in every request, and to read their names takes a while."""
