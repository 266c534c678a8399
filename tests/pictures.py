"""Pictures to send, and pictures that came back as numbers."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image


def png(width: int = 512, height: int = 512, mode: str = "RGB", fill: object = None) -> bytes:
    """A PNG with something to see in it: a gradient, or one colour."""
    if fill is not None:
        image = Image.new(mode, (width, height), fill)  # type: ignore[arg-type]
    else:
        y, x = np.mgrid[0:height, 0:width]
        stack = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], axis=-1)
        image = Image.fromarray(stack.astype(np.uint8), "RGB").convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    """The pixels of a PNG, height x width x 3; signed, so that differences can be taken."""
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    assert image.mode == "RGB"
    return np.asarray(image).astype(np.int16)


def artifact_pixels(answer: Any, index: int = 0) -> np.ndarray:
    """The pixels of one artifact of a JSON answer."""
    return pixels(base64.b64decode(answer["artifacts"][index]["base64"]))
