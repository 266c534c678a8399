"""From the fields of the body to the workshop's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import seeds
from app.dialects.aspects import ASPECTS, LARGEST_SEED, follows_negative, prompts
from app.errors import BadField
from engines.types import EngineCard, GenerationRequest, Task

Words = Mapping[str, Any]
"""The validated body with the contract's defaults filled in."""


def text_to_image(card: EngineCard, words: Words) -> GenerationRequest:
    """A picture from words. Raises ``BadField`` for one side without the other."""
    width, height = _size(words)
    negative = words.get("negative_prompt", "") if follows_negative(card) else ""
    return GenerationRequest(
        task=Task.TEXT_TO_IMAGE,
        engine_id=card.id,
        width=width,
        height=height,
        seed=words["seed"] or min(seeds.source.get()(), LARGEST_SEED),
        prompts=prompts(words["prompt"], negative),
        steps=card.steps.default,
        cfg_scale=card.cfg_scale,
        style=words.get("style_preset"),
    )


def _size(words: Words) -> tuple[int, int]:
    """Both sides, or those of the aspect ratio where none is sent."""
    if "width" not in words and "height" not in words:
        return ASPECTS[words["aspect_ratio"]]
    for side in ("width", "height"):
        if side not in words:
            raise BadField(side, "required")
    return words["width"], words["height"]
