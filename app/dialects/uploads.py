"""Uploaded pictures of any service: looked at by their headers first, decoded only if they can be used.

Everything here runs where picture work runs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from app.errors import BadFileSize, BadPictureType
from app.limits import Limits
from engines.codec import Decoded, any_size, check_size, decode, fixed
from engines.errors import PictureUnreadable
from engines.memory import Memory, Same
from engines.types import Pixels

QUICK_BYTES = 1_000_000
"""A file of this size is looked up in a quarter of a millisecond."""


class Uploads:
    """Reads what callers send; a file that is sent again and still in ``memory`` is the very picture it was before."""

    def __init__(self, limits: Limits, memory: Memory) -> None:
        self._limits = limits
        self._memory = memory

    def picture(self, field: str, data: bytes, rule: Callable[[int, int], None] = any_size) -> Decoded:
        """The picture in a field. Raises ``BadFileSize``, ``BadPictureType``, and what ``rule`` raises for its size."""
        self.check_bytes(field, data)
        known: Decoded | None = self._memory.get((decode, data))
        if known is not None:
            height, width = known.pixels.shape[:2]
            check_size(width, height, self._limits.picture_pixels, rule)
            return known
        try:
            decoded = decode(data, self._limits.picture_pixels, rule)
        except PictureUnreadable as problem:
            raise BadPictureType(field, "must be a PNG, JPEG or WebP picture") from problem
        return self._memory.keep((decode, data), decoded, decoded.nbytes + len(data))

    def knows(self, data: bytes) -> bool:
        """Whether this file is remembered, and looked up so quickly that nobody need go aside for it."""
        return len(data) <= QUICK_BYTES and self._memory.get((decode, data)) is not None

    def changed(self, change: Callable[..., Pixels], pixels: Pixels, *how: Hashable) -> Pixels:
        """What ``change(pixels, *how)`` gives; of the same picture the very one that it gave before."""
        key = (change, Same(pixels), *how)
        return self._memory.once(key, lambda: fixed(change(pixels, *how)), _size)

    def check_bytes(self, field: str, data: bytes) -> None:
        """Raise ``BadFileSize`` for a file that is empty or too large."""
        if not data:
            raise BadFileSize(field, "is empty")
        if len(data) > self._limits.file_bytes:
            raise BadFileSize(field, f"must have at most {self._limits.file_bytes} bytes, but we received {len(data)}")


def _size(pixels: Pixels) -> int:
    return pixels.nbytes
