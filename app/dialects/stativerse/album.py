"""The pictures of a request at each step of their way, made once as long as they are remembered.

Everything here runs where picture work runs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

from app.dialects.stativerse import pictures
from app.dialects.stativerse.pictures import Shown
from app.dialects.stativerse.reading import Order, Size
from app.limits import Limits
from engines.codec import fixed
from engines.memory import Memory, Same
from engines.types import Pixels

Output: TypeAlias = "str | Pixels"
"""A picture as it is sent: base64, or an array of numbers."""


class Album:
    """Takes each step as ``pictures`` says, unless ``memory`` has what it would give."""

    def __init__(self, limits: Limits, memory: Memory) -> None:
        self._limits = limits
        self._memory = memory

    def received(self, sent: str | Sequence[str], order: Order) -> tuple[Shown, ...]:
        """The pictures that a request starts from. Raises ``BadPicture`` and ``PictureTooLarge``."""
        texts = (sent,) if isinstance(sent, str) else tuple(sent)
        # One text alone and a list with it are told apart in what is said about them, and only there.
        key = (pictures.received, texts, order.resolution, order.crop)
        return self._memory.once(
            key,
            lambda: tuple(map(_kept, pictures.received(sent, order.resolution, order.crop, self._limits))),
            lambda shown: sum(map(_size, shown)) + sum(map(len, texts)),
        )

    def start(self, shown: Sequence[Shown]) -> Pixels:
        """What an edit starts from."""
        key = (pictures.start, *map(_named, shown))
        return self._memory.once(key, lambda: fixed(pictures.start(shown)), lambda pixels: pixels.nbytes)

    def trimmed(self, pixels: Pixels, size: Size) -> Shown:
        """A drawn picture in the size that was asked for."""
        key = (pictures.trimmed, Same(pixels), size)
        return self._memory.once(key, lambda: _kept(Shown(pictures.trimmed(pixels, size))), _size)

    def output(self, order: Order, shown: Shown) -> Output:
        """The picture as it is sent: cropped, resized, written."""
        key = (pictures.written, _named(shown), order.finish, order.crop, order.form)
        return self._memory.once(key, lambda: written(order, shown), _length)


def written(order: Order, shown: Shown) -> Output:
    """The same of a picture that never comes again."""
    return pictures.written(pictures.fitted(shown, order.finish or shown.size, crop=order.crop), order.form)


def _length(output: Output) -> int:
    return len(output) if isinstance(output, str) else output.nbytes


def _kept(shown: Shown) -> Shown:
    return Shown(fixed(shown.pixels), None if shown.alpha is None else fixed(shown.alpha))


def _named(shown: Shown) -> Hashable:
    return Same(shown.pixels), None if shown.alpha is None else Same(shown.alpha)


def _size(shown: Shown) -> int:
    return shown.pixels.nbytes + (0 if shown.alpha is None else shown.alpha.nbytes)
