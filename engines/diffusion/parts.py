"""The loaded parts of a checkpoint, as diffusers names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import SD3Transformer2DModel


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Components on their device in their dtype. ``Any`` because diffusers' and transformers' classes are untyped.

    What a model can do follows from its parts: two text encoders are SDXL; ``unet.config.in_channels``
    is 4 for ordinary models, 5 with a depth map, 7 for the latent upscaler, 9 for inpainting. ``flow`` is
    Stable Diffusion 3, which has a transformer in the UNet's place.
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
    t5: Any = None
    """SD 3: the third text encoder; without it the model is given zeros in place of what it would say."""
    t5_tokenizer: Any = None

    @property
    def flow(self) -> bool:
        """Whether the model was trained to tell the flow from noise to pictures, as Stable Diffusion 3 was."""
        return isinstance(self.unet, SD3Transformer2DModel)

    @property
    def patch(self) -> int:
        """Side of the squares that the model reads latents in; sides of latents must be multiples of it."""
        return int(self.unet.config.patch_size) if self.flow else 1
