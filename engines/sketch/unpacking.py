"""From Pillow's pictures to arrays."""

from __future__ import annotations

import numpy as np
from PIL import Image

from engines.types import Pixels

_STRIP_BYTES = 65_536
"""What Pillow writes at once. Of more it makes one piece that is copied again, while all other threads stand still."""


def unpacked(image: Image.Image) -> Pixels:
    """The pixels of an RGB picture, height x width x 3, taken out strip by strip."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_BYTES // (3 * width))
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        pixels[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return pixels
