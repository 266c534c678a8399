"""Sizes that a network can work in, and the exact size that was asked for."""

from __future__ import annotations

import numpy as np
from PIL import Image

from engines.loading.model import Order
from engines.types import Pixels


def source(order: Order) -> Pixels:
    """The picture to enlarge; the registry lets no request to upscale through without one."""
    if order.request.init is None:
        raise ValueError("there is no picture to enlarge")
    return order.request.init


def padded(pixels: Pixels, multiple: int) -> Pixels:
    """The picture with sides that are multiples of ``multiple``, grown to the right and below by its mirror image."""
    height, width = pixels.shape[:2]
    if width % multiple == 0 and height % multiple == 0:
        return pixels
    return np.pad(pixels, ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="reflect")


def resampled(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture in exactly this size, by a Lanczos filter that covers what it shrinks; unchanged if it fits."""
    if pixels.shape[:2] == (height, width):
        return np.ascontiguousarray(pixels)
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))
