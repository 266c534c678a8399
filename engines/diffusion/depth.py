"""The depth map that a 5-channel UNet reads beside the latents."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines.diffusion.parts import Parts
from engines.types import Pixels

# Depths that differ by less than this share are one depth; stretched to -1..1 they would be noise.
_ROUNDING = 1e-5


def estimated(parts: Parts, pixels: Pixels, height: int, width: int) -> Tensor:
    """The depth of a picture as 1 x 1 x ``height`` x ``width`` (of its latents): -1 farthest, 1 nearest, fp32.

    A picture in which the estimator sees no depth at all gives the same map as no picture.
    """
    estimator = parts.depth_estimator
    seen = parts.depth_processor(images=[Image.fromarray(pixels)], return_tensors="pt").pixel_values
    depth = estimator(seen.to(parts.device, estimator.dtype)).predicted_depth.float()
    depth = functional.interpolate(depth[:, None], size=(height, width), mode="bicubic", align_corners=False)
    nearest, farthest = depth.amax(), depth.amin()
    if nearest - farthest <= _ROUNDING * depth.abs().amax():
        return flat(height, width, parts.device)
    return 2.0 * (depth - farthest) / (nearest - farthest) - 1.0


def flat(height: int, width: int, device: torch.device) -> Tensor:
    """The map of a scene that nothing is known of: everything is equally near, halfway between the ends."""
    return torch.zeros((1, 1, height, width), device=device)
