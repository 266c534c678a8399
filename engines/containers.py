"""What a picture file says of itself before anything is decoded: its format, its size, its bare pixel data.

Files are cut down to the parts that carry pixels. Metadata (EXIF, text, colour profiles, the later
frames of an animation) never reaches the decoder, so its bugs and warnings cannot either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engines.errors import PictureUnreadable

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})

# Start-of-frame markers carry the size; C4, C8 and CC lie in the same range but are tables.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# APP14 says how a four-channel JPEG is to be read; the other application segments and comments are metadata.
_JPEG_DROPPED = frozenset(range(0xE0, 0xF0)) - {0xEE} | {0xFE}
_JPEG_START_OF_SCAN = 0xDA
# Every scan of a progressive JPEG is a pass over the whole picture; encoders write about ten.
_JPEG_MOST_SCANS = 64


@dataclass(frozen=True, slots=True)
class Container:
    """A picture file without its metadata; ``width`` and ``height`` are what its header promises."""

    format: str
    width: int
    height: int
    data: bytes


def open_container(data: bytes) -> Container:
    """Tell PNG, JPEG and WebP apart by their bytes; ``PictureUnreadable`` for everything else."""
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    raise PictureUnreadable("not a PNG, JPEG or WebP picture")


def _png(data: bytes) -> Container:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise PictureUnreadable("PNG without a header")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    kept = b"".join(chunk for kind, chunk in _png_chunks(data) if kind in _PNG_KEPT)
    return _sized("PNG", width, height, _PNG + kept)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk with its length, type and checksum, up to and including the last one."""
    at = len(_PNG)
    while True:
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if len(data) < at + 12 or end > len(data):
            raise PictureUnreadable("PNG ends early")
        kind = data[at + 4 : at + 8]
        yield kind, data[at:end]
        if kind == b"IEND":
            return
        at = end


def _jpeg(data: bytes) -> Container:
    kept, size, at = [data[:2]], (0, 0), 2
    while True:
        at, marker, end = _jpeg_segment(data, at)
        if marker in _JPEG_FRAMES:
            size = (int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big"))
        if marker == _JPEG_START_OF_SCAN:
            if data.count(b"\xff\xda", at) > _JPEG_MOST_SCANS:
                raise PictureUnreadable("JPEG of too many scans")
            return _sized("JPEG", *size, b"".join([*kept, data[at:]]))
        if marker not in _JPEG_DROPPED:
            kept.append(data[at:end])
        at = end


def _jpeg_segment(data: bytes, at: int) -> tuple[int, int, int]:
    """Where the next segment begins, its marker, and where it ends."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    if len(data) < at + 4 or data[at] != 0xFF or length < 2 or at + 2 + length > len(data):
        raise PictureUnreadable("JPEG without a picture")
    return at, data[at + 1], at + 2 + length


def _webp(data: bytes) -> Container:
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise PictureUnreadable("WebP ends early")
    if kind == b"VP8X":
        width, height = int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return _sized("WEBP", width, height, data)


def _sized(name: str, width: int, height: int, data: bytes) -> Container:
    if width < 1 or height < 1:
        raise PictureUnreadable(f"{name} of no size")
    return Container(name, width, height, data)
