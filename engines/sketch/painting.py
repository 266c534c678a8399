"""From a request to a painting: plan, scene, treatment, final size, caption."""

from __future__ import annotations

import numpy as np
from PIL import Image

from engines.sketch.canvas import Canvas
from engines.sketch.caption import write_caption
from engines.sketch.plan import plan
from engines.sketch.scene import compose
from engines.sketch.styles import STYLES
from engines.sketch.unpacking import unpacked
from engines.types import EngineCard, GenerationRequest, Pixels

# Larger pictures are painted at half the size: flat paper and soft shadows lose nothing by it.
_HALVED_ABOVE = 420_000
_SQUARE = frozenset({"pixel-art"})


def paint(card: EngineCard, request: GenerationRequest, seed: int, caption: bool) -> Pixels:
    """The painting of a request for one seed, height x width x 3."""
    width, height = request.width, request.height
    halved = width * height > _HALVED_ABOVE
    canvas = Canvas((width + 1) // 2, (height + 1) // 2) if halved else Canvas(width, height)
    drawn = plan(card, request, seed)
    compose(canvas, drawn)
    style = STYLES.get(request.style or "")
    painted = style(canvas.planes, drawn.touch.fork("style")) if style else canvas.planes
    sheet = Image.merge("RGB", [Image.fromarray(plane) for plane in painted.astype(np.uint8)])
    if halved:
        enlarged = Image.Resampling.NEAREST if request.style in _SQUARE else Image.Resampling.BICUBIC
        sheet = sheet.resize((width, height), enlarged)
    pixels = unpacked(sheet)
    if caption:
        write_caption(pixels, card, request, seed)
    return pixels
