"""The nine aspect ratios of the second era as sizes, and what prompts of that era look like."""

from __future__ import annotations

from app.dialects.texts import sound
from engines.types import EngineCard, Prompt

ASPECTS: dict[str, tuple[int, int]] = {
    "21:9": (1536, 640),
    "16:9": (1344, 768),
    "3:2": (1216, 832),
    "5:4": (1152, 896),
    "1:1": (1024, 1024),
    "4:5": (896, 1152),
    "2:3": (832, 1216),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
"""Width and height in pixels: multiples of 64, about a megapixel, within 3 % of the ratio.

These are the nine sizes of SDXL as well, so that every engine which draws a megapixel draws all of them.
"""

LARGEST_SEED = 2**32 - 2


def prompts(prompt: str, negative: str) -> tuple[Prompt, ...]:
    """A prompt and what to keep out, if anything."""
    texts = ((prompt, 1.0), (negative, -1.0)) if negative else ((prompt, 1.0),)
    return tuple(Prompt(sound(text), weight) for text, weight in texts)


def follows_negative(card: EngineCard) -> bool:
    """Whether the engine can keep something out: one that is distilled to work without guidance cannot."""
    return card.cfg_scale > 1
