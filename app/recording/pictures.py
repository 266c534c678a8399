"""Picture files known by their first bytes."""

from __future__ import annotations


def ending(data: bytes) -> str:
    """What the name of a file with these bytes should end in; ``.bin`` for anything but a picture."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if data.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return ".bin"
