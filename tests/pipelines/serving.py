"""A server whose engines are tiny models, and what a test asks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engines.catalog import CARDS
from engines.types import EngineCard, Task
from tests.running import Client, Server

Tiny = Callable[[str], Path]

KINDS = {
    "esrgan-v1-x2plus": "esrgan",
    "stable-diffusion-xl-1024-v0-9": "sdxl",
    "stable-diffusion-xl-1024-v1-0": "sdxl",
    "stable-diffusion-v1": "sd1",
    "stable-diffusion-v1-5": "sd1",
    "stable-diffusion-v1-6": "sd1",
    "stable-diffusion-512-v2-0": "sd2",
    "stable-diffusion-768-v2-0": "sd2-v",
    "stable-diffusion-depth-v2-0": "depth",
    "stable-diffusion-512-v2-1": "sd2",
    "stable-diffusion-768-v2-1": "sd2-v",
    "stable-diffusion-xl-beta-v2-2-2": "sd2",
    "stable-diffusion-x4-latent-upscaler": "x4",
    "stable-inpainting-v1-0": "inpainting",
    "stable-inpainting-512-v2-0": "inpainting",
    "sd-core": "sdxl",
    "sd3-medium": "sd3",
    "sd3-large": "sd3",
    "sd3-large-turbo": "sd3.5",
    "sd3.5-medium": "sd3.5",
    "sd3.5-large": "sd3.5",
    "sd3.5-large-turbo": "sd3-no-t5",
}
"""The kind of model that stands in for the weights of each engine."""

SMALLEST = {
    "stable-diffusion-xl-1024-v0-9": (640, 1536),
    "stable-diffusion-xl-1024-v1-0": (640, 1536),
    "stable-diffusion-v1-6": (320, 384),
    "stable-diffusion-768-v2-0": (768, 768),
    "stable-diffusion-768-v2-1": (768, 768),
    "stable-diffusion-xl-beta-v2-2-2": (128, 192),
}
"""Width and height of a small picture of each engine; 512x512 where none is named."""

DRAWING = tuple(card for card in CARDS if Task.TEXT_TO_IMAGE in card.tasks and card.era == 1)
"""The engines that draw and that the Stability API knows."""


def patient(server: Server) -> Client:
    """A client that waits for torch to be imported and for a model to be loaded on a machine that is busy."""
    return Client(server.url, server.key, patience=300)


def size_of(card: EngineCard) -> tuple[int, int]:
    """A small size that the engine takes, in pixels."""
    return SMALLEST.get(card.id, (512, 512))


def write_engines(
    path: Path, tiny: Tiny, changes: Mapping[str, Mapping[str, Any]] | None = None, top: str = ""
) -> Path:
    """An ``engines.toml`` with a tiny model for every engine, in fp32 on the CPU.

    ``changes`` overrides keys of single engines, or takes the model's place with a hub; ``top`` is further text
    for the end of the file.
    """
    lines = ['[defaults]\ndevice = "cpu"\ndtype = "float32"\n']
    for engine_id, kind in KINDS.items():
        change = (changes or {}).get(engine_id, {})
        table = change if "hub" in change else {"path": str(tiny(kind)), **change}
        # JSON's strings, numbers and booleans are TOML's too.
        rows = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        lines.append("\n".join([f'[engines."{engine_id}"]', *rows, ""]))
    path.write_text("\n".join([*lines, top]))
    return path
