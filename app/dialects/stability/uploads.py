"""Uploaded pictures and masks: looked at by their headers first, decoded only if the engine can use them.

Everything here runs where picture work runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.dialects.uploads import Uploads
from app.errors import BadPictureSize, MaskMissing
from engines.codec import Decoded, decode_mask
from engines.errors import PictureUnreadable, PixelsOutOfRange, SideOutOfRange, SizeNotMultiple
from engines.late import Late
from engines.sizes import UpscaleRange
from engines.types import EngineCard, Pixels

if TYPE_CHECKING:
    import numpy as np
else:
    np = Late("numpy")

ALPHA = "INIT_IMAGE_ALPHA"
WHITE = "MASK_IMAGE_WHITE"


class StabilityUploads(Uploads):
    """The pictures of the forms of the Stability API."""

    def init_image(self, card: EngineCard, data: bytes) -> Decoded:
        """A picture to start from, which must itself obey the size rules of the engine."""
        return self.picture("init_image", data, lambda width, height: _check_init(card, width, height))

    def image(self, card: EngineCard, data: bytes) -> Decoded:
        """A picture to enlarge."""
        rule = card.sizes.check_input if isinstance(card.sizes, UpscaleRange) else card.sizes.check
        return self.picture("image", data, rule)

    def init_and_mask(self, card: EngineCard, sent: Mapping[str, Any], source: str) -> tuple[Decoded, Pixels]:
        """The picture to start from and its mask, as the workshop wants it: 255 where the picture is made anew.

        Black marks what is replaced; ``MASK_IMAGE_WHITE`` is the other way round, and with
        ``INIT_IMAGE_ALPHA`` the transparent part of the init picture is replaced, a mask picture ignored.
        """
        init = self.init_image(card, sent["init_image"])
        data: bytes | None = sent.get("mask_image")
        if source == ALPHA:
            alpha = init.alpha
            return init, self.changed(_nothing, init.pixels) if alpha is None else self.changed(_inverted, alpha)
        if data is None:
            raise MaskMissing(f"mask_image is required when mask_source is {source}")
        self.check_bytes("mask_image", data)
        height, width = init.pixels.shape[:2]
        # A mask that is remembered under its size is known to fit.
        found = self._memory.once(
            (decode_mask, data, width, height),
            lambda: self._mask(data, (width, height)),
            lambda mask: mask.nbytes + len(data),
        )
        return init, found if source == WHITE else self.changed(_inverted, found)

    def _mask(self, data: bytes, size: tuple[int, int]) -> Pixels:
        try:
            return decode_mask(data, self._limits.picture_pixels, lambda *found: _check_mask(size, found))
        except PictureUnreadable as problem:
            raise MaskMissing("mask_image must be a PNG, JPEG or WebP picture") from problem


def _nothing(pixels: Pixels) -> Pixels:
    return np.zeros(pixels.shape[:2], np.uint8)


def _inverted(mask: Pixels) -> Pixels:
    return 255 - mask


def _check_init(card: EngineCard, width: int, height: int) -> None:
    try:
        card.sizes.check(width, height)
    except SizeNotMultiple as problem:
        raise _bad_init(f"height and width must be multiples of {problem.multiple}", width, height) from problem
    except SideOutOfRange as problem:
        limits = f"{problem.minimum} to {problem.maximum}" if problem.maximum else f"at least {problem.minimum}"
        raise _bad_init(f"height and width must be {limits}", width, height) from problem
    except PixelsOutOfRange as problem:
        raise _bad_init(f"must have {problem.minimum} to {problem.maximum} pixels", width, height) from problem


def _bad_init(rule: str, width: int, height: int) -> BadPictureSize:
    return BadPictureSize("init_image", f"{rule}, but we received {width}x{height}")


def _check_mask(wanted: tuple[int, int], found: tuple[int, ...]) -> None:
    if found != wanted:
        raise MaskMissing(
            f"mask_image must be as large as init_image ({wanted[0]}x{wanted[1]}), "
            f"but we received {found[0]}x{found[1]}"
        )
