"""The loaded parts of a checkpoint, as diffusers names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Components on their device in their dtype. ``Any`` because diffusers' and transformers' classes are untyped.

    What a model can do follows from its parts: two text encoders are SDXL; ``unet.config.in_channels``
    is 4 for ordinary models, 5 with a depth map, 7 for the latent upscaler, 9 for inpainting.
    """

    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]
    scheduler: Mapping[str, Any]
    """The checkpoint's scheduler configuration, with the owner's changes."""
    device: torch.device
    dtype: torch.dtype
    zeros_for_empty: bool = False
    """SDXL: an absent negative prompt is a tensor of zeros, not an encoded empty text."""
    depth_estimator: Any = None
    depth_processor: Any = None
    noise_schedule: Mapping[str, Any] | None = None
    """Latent upscaler: configuration of the scheduler that adds noise to the input (``low_res_scheduler``)."""
