"""Times of the embedded engines, called directly, without HTTP: drawing and PNG encoding."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines.catalog import CARDS
from engines.codec import encode_png
from engines.registry import Registry
from engines.sketch import SketchFamily
from engines.types import GenerationRequest, Prompt, Task

SMALL, LARGE, UPSCALER = "stable-diffusion-v1-6", "stable-diffusion-xl-1024-v1-0", "esrgan-v1-x2plus"
PICTURES, SAMPLES = 15, 10


def rows(pictures: int = PICTURES) -> dict[str, str]:
    """What was drawn and how long it took, each the median of so many pictures."""
    cores = os.cpu_count() or 1
    request = text_to_image(LARGE, 1024, samples=SAMPLES)(7)
    alone, together = (statistics.median(drawn(request, threads) for _ in range(3)) for threads in (1, cores))
    return {
        "512x512 text-to-image as PNG, one thread": median(text_to_image(SMALL, 512), pictures),
        "1024x1024 text-to-image as PNG, one thread": median(text_to_image(LARGE, 1024), pictures),
        "1024x1024 upscaled to 2048x2048 as PNG, one thread": median(upscale, pictures),
        f"{SAMPLES} samples of 1024x1024 as PNG, one thread": f"{alone * 1000:.0f} ms",
        f"the same on {cores} threads": f"{together * 1000:.0f} ms, {alone / together:.1f} times as fast",
    }


def text_to_image(engine_id: str, side: int, samples: int = 1) -> Callable[[int], GenerationRequest]:
    """Requests that differ in their seed."""
    prompts = (Prompt("a lighthouse on a cliff at sunset, sailing boats, gulls"),)
    return lambda seed: GenerationRequest(
        Task.TEXT_TO_IMAGE, engine_id, side, side, seed, prompts=prompts, samples=samples
    )


def upscale(seed: int) -> GenerationRequest:
    """A request for twice the size of a picture of coloured squares."""
    init = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    return GenerationRequest(Task.UPSCALE, UPSCALER, 2048, 2048, seed, init=init)


def median(request: Callable[[int], GenerationRequest], pictures: int) -> str:
    """Median over requests with different seeds, after one to warm up."""
    times = [drawn(request(seed), threads=1) for seed in range(1, pictures + 2)]
    return f"{statistics.median(times[1:]) * 1000:.0f} ms"


def drawn(request: GenerationRequest, threads: int) -> float:
    """Seconds to draw and encode one request."""
    pool = ThreadPoolExecutor(threads)
    family = SketchFamily(pool)
    registry = Registry({card.id: family for card in CARDS}, CARDS)
    began = time.perf_counter()
    pictures = registry.submit(request).result()
    list(pool.map(lambda picture: encode_png(picture.pixels), pictures))
    taken = time.perf_counter() - began
    registry.close()
    return taken
