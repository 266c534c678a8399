"""Which texts make up each side of the guidance, and with which share.

With P the sum of the positive weights (1 if there is none), N the sum of the absolute negative ones, and e(text)
a text's embedding:

    positive = sum of w_i e_i / P                                      over weights above 0; e("") if there is none
    negative = (sum of |w_j| e_j + max(0, P - N) e("")) / max(P, N)    over weights below 0

So one prompt of weight 1 and one of -1 are a pipeline's prompt and negative prompt, and a weak negative prompt
counts weakly. Weight 0 counts for nothing. A style adds ", words" to every text: its positive words on the
positive side, its negative ones on the negative side. Where a text is empty, the words stand alone.
"""

from __future__ import annotations

from engines.diffusion.styles import STYLES, Style
from engines.types import Prompt

Blend = tuple[tuple[str | None, float], ...]
"""Texts and their shares, which sum to 1. None stands for a negative prompt that nobody wrote."""

_PLAIN = Style("", "")


def blends(prompts: tuple[Prompt, ...], style: str | None) -> tuple[Blend, Blend]:
    """The positive and the negative side. ``style`` is a key of ``STYLES`` or None."""
    words = STYLES[style] if style else _PLAIN
    wanted = [prompt for prompt in prompts if prompt.weight > 0]
    unwanted = [prompt for prompt in prompts if prompt.weight < 0]
    positive = sum(prompt.weight for prompt in wanted) or 1.0
    negative = sum(-prompt.weight for prompt in unwanted)
    total = max(positive, negative)
    asked = tuple((_joined(prompt.text, words.positive), prompt.weight / positive) for prompt in wanted)
    avoided: Blend = tuple((_joined(prompt.text, words.negative), -prompt.weight / total) for prompt in unwanted)
    if positive > negative:
        avoided += ((words.negative or None, (positive - negative) / total),)
    return asked or ((words.positive, 1.0),), avoided


def _joined(text: str, addition: str) -> str:
    if not addition:
        return text
    return f"{text}, {addition}" if text.strip() else addition
