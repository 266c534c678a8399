"""What drawing and encoding cost for each million pixels, on one thread."""

from __future__ import annotations

import statistics
import time

from benchmarks.crowd import ENGINE, WORDS
from engines.catalog import CARDS
from engines.codec import encode_png
from engines.sketch.family import draw
from engines.types import GenerationRequest, Prompt, Task

COLUMNS = "milliseconds of the processor for a million pixels: drawing / PNG"


def measure(side: int, times: int) -> str:
    """Medians over pictures of different seeds, after one to warm up."""
    card = next(card for card in CARDS if card.id == ENGINE)
    spent: list[tuple[float, float]] = []
    for seed in range(1, times + 2):
        request = GenerationRequest(Task.TEXT_TO_IMAGE, ENGINE, side, side, seed, prompts=(Prompt(WORDS),))
        began = time.thread_time()
        pixels = draw(card, request, seed, True).pixels
        drawn = time.thread_time()
        encode_png(pixels)
        spent.append((drawn - began, time.thread_time() - drawn))
    millions = side * side / 1e6
    return " / ".join(f"{statistics.median(column) * 1000 / millions:.1f}" for column in zip(*spent[1:], strict=True))
