"""Uploaded pictures and masks: looked at by their headers first, decoded only if the engine can use them.

Everything here runs where picture work runs.
"""

from __future__ import annotations

import numpy as np

from app.dialects.uploads import check_bytes, picture
from app.errors import BadPictureSize, MaskMissing
from app.settings import Limits
from engines.codec import Decoded, decode_mask
from engines.errors import PictureUnreadable, PixelsOutOfRange, SideOutOfRange, SizeNotMultiple
from engines.sizes import UpscaleRange
from engines.types import EngineCard, Pixels

ALPHA = "INIT_IMAGE_ALPHA"
WHITE = "MASK_IMAGE_WHITE"


def init_image(card: EngineCard, data: bytes, limits: Limits) -> Decoded:
    """A picture to start from, which must itself obey the size rules of the engine."""
    return picture("init_image", data, limits, lambda width, height: _check_init(card, width, height))


def image(card: EngineCard, data: bytes, limits: Limits) -> Decoded:
    """A picture to enlarge."""
    rule = card.sizes.check_input if isinstance(card.sizes, UpscaleRange) else card.sizes.check
    return picture("image", data, limits, rule)


def mask(init: Decoded, source: str, data: bytes | None, limits: Limits) -> Pixels:
    """The mask as the workshop wants it, 255 where the picture is made anew.

    Black marks what is replaced; ``MASK_IMAGE_WHITE`` is the other way round, and with
    ``INIT_IMAGE_ALPHA`` the transparent part of the init picture is replaced, a mask picture ignored.
    """
    height, width = init.pixels.shape[:2]
    if source == ALPHA:
        return np.zeros((height, width), np.uint8) if init.alpha is None else 255 - init.alpha
    if data is None:
        raise MaskMissing(f"mask_image is required when mask_source is {source}")
    check_bytes("mask_image", data, limits)
    try:
        found = decode_mask(data, limits.picture_pixels, lambda *size: _check_mask((width, height), size))
    except PictureUnreadable as problem:
        raise MaskMissing("mask_image must be a PNG, JPEG or WebP picture") from problem
    return found if source == WHITE else 255 - found


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
