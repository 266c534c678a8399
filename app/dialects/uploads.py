"""Uploaded pictures of any service: looked at by their headers first, decoded only if they can be used.

Everything here runs where picture work runs.
"""

from __future__ import annotations

from collections.abc import Callable

from app.errors import BadFileSize, BadPictureType
from app.settings import Limits
from engines.codec import Decoded, decode
from engines.errors import PictureUnreadable


def picture(field: str, data: bytes, limits: Limits, rule: Callable[[int, int], None]) -> Decoded:
    """The picture in a field. Raises ``BadFileSize``, ``BadPictureType``, and what ``rule`` raises for its size."""
    check_bytes(field, data, limits)
    try:
        return decode(data, limits.picture_pixels, rule)
    except PictureUnreadable as problem:
        raise BadPictureType(field, "must be a PNG, JPEG or WebP picture") from problem


def check_bytes(field: str, data: bytes, limits: Limits) -> None:
    """Raise ``BadFileSize`` for a file that is empty or too large."""
    if not data:
        raise BadFileSize(field, "is empty")
    if len(data) > limits.file_bytes:
        raise BadFileSize(field, f"must have at most {limits.file_bytes} bytes, but we received {len(data)}")
