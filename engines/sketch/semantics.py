"""What the four tasks promise, in exact integers: how init pictures, masks and sizes meet the painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engines.sketch.noise import Dice
from engines.sketch.painting import paint
from engines.sketch.unpacking import unpacked
from engines.types import EngineCard, GenerationRequest, Pixels, Task

_FULL = 1 << 16
_GRAIN_CELL = 3


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """One picture to draw: a request narrowed down to one seed."""

    card: EngineCard
    request: GenerationRequest
    seed: int
    caption: bool


def text_to_image(order: Order) -> Pixels:
    """The painting as it is."""
    return paint(order.card, order.request, order.seed, order.caption)


def image_to_image(order: Order) -> Pixels:
    """Between init and painting: every pixel moves towards the painting as the schedule grows.

    The share of the schedule that is run, ``schedule_start - schedule_end``, is the share of the way.
    None of it gives init bit for bit, all of it the painting bit for bit.
    """
    init = _init(order)
    share = _share(order.request)
    if share == 0:
        return init.copy()
    painting = text_to_image(order)
    return painting if share == _FULL else _mixed(init, painting, share)


def masking(order: Order) -> Pixels:
    """``init + (painting - init) * mask / 255``, rounded to nearest: 0 keeps a pixel, 255 replaces it."""
    init, mask = _init(order), order.request.mask
    if mask is None:
        raise ValueError("masking without a mask")
    painting = image_to_image(order).astype(np.int32)
    shift = (painting - init) * mask[:, :, None].astype(np.int32)
    return (init + (2 * shift + 255) // 510).astype(np.uint8)


def upscale(order: Order) -> Pixels:
    """The init picture in exactly the requested size; engines that read prompts add a little texture."""
    request = order.request
    image = Image.fromarray(_init(order)).resize((request.width, request.height), Image.Resampling.LANCZOS)
    pixels = unpacked(image)
    return _textured(pixels, order) if order.card.prompted else pixels


TASKS: dict[Task, Callable[[Order], Pixels]] = {
    Task.TEXT_TO_IMAGE: text_to_image,
    Task.IMAGE_TO_IMAGE: image_to_image,
    Task.MASKING: masking,
    Task.UPSCALE: upscale,
}


def _init(order: Order) -> Pixels:
    if order.request.init is None:
        raise ValueError(f"{order.request.task} without an init picture")
    return order.request.init


def _share(request: GenerationRequest) -> int:
    return int((max(0.0, min(1.0, request.schedule_start - request.schedule_end))) * _FULL + 0.5)


def _mixed(init: Pixels, painting: Pixels, share: int) -> Pixels:
    way = painting.astype(np.int32) - init
    way *= share
    way += _FULL >> 1
    way >>= 16
    way += init
    return way.astype(np.uint8)


def _textured(pixels: Pixels, order: Order) -> Pixels:
    request = order.request
    words = [fact for prompt in request.prompts for fact in (prompt.text, float(prompt.weight))]
    dice = Dice.of(order.seed, request.steps, float(request.cfg_scale), *words)
    height, width, _ = pixels.shape
    grain = dice.clouds(height, width, _GRAIN_CELL).astype(np.int16)
    grain -= 128
    grain >>= 4
    textured = pixels + grain[:, :, None]
    return np.clip(textured, 0, 255, out=textured).astype(np.uint8)
