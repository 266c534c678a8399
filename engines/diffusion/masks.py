"""What a mask means: which latents stay, what an inpainting model is told, and which pixels come back as sent."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engines.diffusion.latents import Autoencoder, Noise
from engines.types import Pixels

# Inpainting models were trained on holes with hard edges: from half grey on, a pixel belongs to the hole.
_HALF = 0.5


def plane(mask: Pixels, device: torch.device) -> Tensor:
    """A height x width mask as 1 x 1 x height x width in 0..1, where 1 is replaced."""
    return torch.from_numpy(np.ascontiguousarray(mask)).to(device)[None, None].float() / 255.0


def share(replaced: Tensor, factor: int) -> Tensor:
    """How much of every latent is replaced: the mean of ``plane`` over the ``factor`` x ``factor`` pixels it covers."""
    return functional.avg_pool2d(replaced, factor)


def hole(autoencoder: Autoencoder, image: Tensor, replaced: Tensor, noise: Noise) -> Tensor:
    """The five channels that a 9-channel UNet reads beside the latents: the hole, and the latents of what is around it.

    ``image`` is 1 x 3 x height x width in -1..1, ``replaced`` what ``plane`` gives. Draws once from ``noise``.
    """
    open_ = (replaced >= _HALF).float()
    around = autoencoder.encode(image * (1 - open_), noise)
    return torch.cat([functional.interpolate(open_, size=around.shape[-2:]), around], dim=1)


def composite(init: Pixels, drawn: Pixels, mask: Pixels) -> Pixels:
    """``init + (drawn - init) * mask / 255`` rounded to the nearest: 0 keeps a pixel bit for bit, 255 replaces it."""
    weight = mask[..., None].astype(np.uint16)
    mixed = init.astype(np.uint16) * (255 - weight) + drawn.astype(np.uint16) * weight
    pixels: Pixels = ((mixed + 127) // 255).astype(np.uint8)
    return pixels
