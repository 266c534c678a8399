"""From a request to a painting."""

from __future__ import annotations

import numpy as np

from engines.sketch.noise import Dice
from engines.types import EngineCard, GenerationRequest, Pixels


def paint(card: EngineCard, request: GenerationRequest, seed: int, caption: bool) -> Pixels:
    """The painting of a request for one seed, height x width x 3."""
    words = [fact for prompt in request.prompts for fact in (prompt.text, float(prompt.weight))]
    dice = Dice.of(
        card.id, seed, request.steps, float(request.cfg_scale), request.sampler, request.guidance, request.style, *words
    )
    planes = [dice.clouds(request.height, request.width, 48) for _ in range(3)]
    return np.stack(planes, axis=2)
