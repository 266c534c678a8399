"""A tiny checkpoint of Real-ESRGAN x2, with the names and shapes of the published one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file

FEATURES, GROWTH, BLOCKS = 8, 4, 1
SHUFFLED = 3 * 2 * 2
"""Channels of a picture whose squares of 2 x 2 pixels have become one pixel each: how the x2 model reads."""


def build_esrgan(path: Path) -> Path:
    """Save the checkpoint, always with the same weights; the path is given back."""
    save_file(weights(), path)
    return path


def weights() -> dict[str, torch.Tensor]:
    """The state dict: convolutions of 3 x 3 with names that end in ``.weight`` and ``.bias``."""
    generator = torch.Generator("cpu").manual_seed(1)
    state = {}
    for name, inputs, outputs in _convolutions():
        bound = 1 / math.sqrt(9 * inputs)
        spread = torch.rand(outputs, inputs, 3, 3, generator=generator) * 2 - 1
        state[f"{name}.weight"] = spread * bound * 1.7
        state[f"{name}.bias"] = torch.zeros(outputs)
    state["conv_last.bias"] += 0.5
    return state


def _convolutions() -> Iterator[tuple[str, int, int]]:
    """Names with their channels in and out."""
    yield "conv_first", SHUFFLED, FEATURES
    for block in range(BLOCKS):
        for dense in (1, 2, 3):
            for layer in range(1, 6):
                outputs = GROWTH if layer < 5 else FEATURES
                yield f"body.{block}.rdb{dense}.conv{layer}", FEATURES + (layer - 1) * GROWTH, outputs
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        yield name, FEATURES, FEATURES
    yield "conv_last", FEATURES, 3
