"""Pictures on their way in and out: decoded, cropped and resized, mixed, cut out and written in five formats.

Everything here runs where picture work runs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.dialects.stativerse.reading import Size
from app.dialects.stativerse.selling import GRID, LONGEST, SHORTEST
from app.dialects.uploads import Uploads
from app.errors import BadPictureSize, BadPictureType
from app.settings import Limits
from engines.codec import encode_jpeg, encode_png
from engines.late import Late
from engines.memory import Memory
from engines.types import Pixels

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
else:
    np, Image = Late("numpy"), Late("PIL.Image")

DATA_URI = re.compile(r"data:[^,]{0,256};base64,", re.IGNORECASE)
PLAIN = str.maketrans("-_", "+/", " \t\r\n")
"""Blanks left out, and the alphabet for URLs turned into the usual one."""

LONGEST_SENT = 65_535
"""The longest side of a picture to be resized, as of a JPEG: resizing takes memory for every pixel of a side."""
KEPT = 3
"""How many parts of the picture that is edited there are to one part of all the others together."""
WHITE = 255
"""What stands behind transparent pixels where a format or an engine knows no transparency."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture in the making: height x width x 3 pixels, and height x width alpha where parts are transparent."""

    pixels: Pixels
    alpha: Pixels | None = None

    @property
    def size(self) -> Size:
        """Width and height."""
        height, width = self.pixels.shape[:2]
        return width, height


def received(sent: str | Sequence[str], resolution: Size | None, crop: bool, limits: Limits) -> list[Shown]:
    """The pictures of a request, the first of them brought to ``resolution``, the others as large as that.

    Raises ``BadPicture`` and ``PictureTooLarge``. Without a resolution the first has to have a size that can be
    edited.
    """
    named = [("image", sent)] if isinstance(sent, str) else [(f"image[{i}]", one) for i, one in enumerate(sent)]
    first = _decoded(*named[0], _editable if resolution is None else _resizable, limits)
    base = fitted(first, resolution or first.size, crop=crop)
    # One after the other: decoded pictures are many times as large as what is kept of them.
    return [base, *(fitted(_decoded(*other, _resizable, limits), base.size, crop=True) for other in named[1:])]


def start(shown: Sequence[Shown]) -> Pixels:
    """What an edit starts from: three parts of the first picture and one of the others, padded to the grid.

    Integer arithmetic, so that it is the same on every machine; transparent parts are white.
    """
    pixels = _mixed([on_white(one) for one in shown])
    height, width = pixels.shape[:2]
    return np.pad(pixels, (_margins(height), _margins(width), (0, 0)), mode="edge")


def trimmed(pixels: Pixels, size: Size) -> Pixels:
    """The middle of a picture that was drawn larger than was asked for."""
    (width, height), (left, top) = size, (_margins(side)[0] for side in size)
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def fitted(shown: Shown, size: Size, *, crop: bool) -> Shown:
    """In exactly this size: cut to its proportions around the middle first, or squeezed into them."""
    image = Image.fromarray(shown.pixels if shown.alpha is None else np.dstack((shown.pixels, shown.alpha)))
    if crop:
        image = image.crop(_middle(image.size, size))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    array = np.array(image)
    return Shown(np.ascontiguousarray(array[:, :, :3]), None if shown.alpha is None else array[:, :, 3])


def cut_out(shown: Shown, subject: Pixels) -> Shown:
    """With everything transparent that is not the subject, or was transparent before."""
    return Shown(shown.pixels, subject if shown.alpha is None else np.minimum(subject, shown.alpha))


def on_white(shown: Shown) -> Pixels:
    """Without transparency."""
    if shown.alpha is None:
        return shown.pixels
    alpha = shown.alpha[:, :, None].astype(np.uint32)
    mixed = (shown.pixels * alpha + WHITE * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def written(shown: Shown, form: str) -> str | Pixels:
    """The picture in one of the five output formats: base64 text, or an array of numbers."""
    return _FORMS[form](shown)


def _mixed(layers: Sequence[Pixels]) -> Pixels:
    first, *others = layers
    if not others:
        return first
    parts = (KEPT + 1) * len(others)
    total = np.full(first.shape, parts // 2, np.uint32)
    total += np.uint32(KEPT * len(others)) * first
    for other in others:
        total += other
    return (total // np.uint32(parts)).astype(np.uint8)


def _rgba(shown: Shown) -> Pixels:
    alpha = np.full(shown.pixels.shape[:2], 255, np.uint8) if shown.alpha is None else shown.alpha
    return np.dstack((shown.pixels, alpha))


def _png(shown: Shown) -> str:
    return _base64(encode_png(shown.pixels if shown.alpha is None else _rgba(shown)))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_FORMS: Mapping[str, Callable[[Shown], str | Pixels]] = {
    "Base64 PNG": _png,
    "Base64 JPEG": lambda shown: _base64(encode_jpeg(on_white(shown))),
    "Base64 JPEG Progressive": lambda shown: _base64(encode_jpeg(on_white(shown), progressive=True)),
    "RGBA 2D": _rgba,
    "RGBA 1D": lambda shown: _rgba(shown).ravel(),
}


def _decoded(field: str, text: str, rule: Callable[[int, int], None], limits: Limits) -> Shown:
    def named(width: int, height: int) -> None:
        try:
            rule(width, height)
        except ValueError as problem:
            raise BadPictureSize(field, str(problem)) from problem

    # Only what is made of them is worth remembering: they may be many times as large.
    decoded = Uploads(limits, Memory(0)).picture(field, _bytes(field, text), named)
    return Shown(decoded.pixels, decoded.alpha)


def _bytes(field: str, text: str) -> bytes:
    """What the base64 says, in either alphabet, with or without padding and the head of a data URI, blanks skipped."""
    head = DATA_URI.match(text)
    digits = text[head.end() if head else 0 :].translate(PLAIN).rstrip("=")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadPictureType(field, "must be base64, bare or as a data URI") from problem


def _editable(width: int, height: int) -> None:
    if min(width, height) < SHORTEST or max(width, height) > LONGEST:
        raise ValueError(
            f"sides must have {SHORTEST} to {LONGEST} pixels, but we received {width}x{height}; "
            "send a resolution to have it resized"
        )


def _resizable(width: int, height: int) -> None:
    if max(width, height) > LONGEST_SENT:
        raise ValueError(f"sides may have at most {LONGEST_SENT} pixels, but we received {width}x{height}")


def _margins(side: int) -> tuple[int, int]:
    """By how many pixels a side is short of the grid, before and after it."""
    missing = -side % GRID
    return missing // 2, missing - missing // 2


def _middle(size: Size, target: Size) -> tuple[int, int, int, int]:
    """The largest part of a picture that has the proportions of ``target``, around its middle, in whole pixels."""
    (width, height), (wide, high) = size, target
    across = min(width, max(1, round(height * wide / high)))
    down = min(height, max(1, round(width * high / wide)))
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down
