"""What a request costs, in whole micro-credits: the card's rule, once per sample."""

from __future__ import annotations

from engines.types import EngineCard, GenerationRequest, Task


def price_of_one(card: EngineCard, request: GenerationRequest) -> int:
    """One picture. Upscalers are priced by the picture that goes in, all others by what comes out."""
    width, height = request.width, request.height
    if request.task is Task.UPSCALE and request.init is not None:
        height, width = request.init.shape[:2]
    return card.price.per_picture(width, height, request.steps)
