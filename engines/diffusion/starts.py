"""What the denoising loop starts from and what it reads beside the latents, for every task and kind of UNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.diffusion import depth, masks
from engines.diffusion.denoise import Blend
from engines.diffusion.latents import Autoencoder, Noise, padded, to_image
from engines.diffusion.parts import Parts
from engines.diffusion.schedule import Plan, noised
from engines.types import GenerationRequest, Pixels

ORDINARY, DEPTH, INPAINTING = 4, 5, 9
"""The input channels of the three kinds of UNet; a transformer reads latents and nothing beside them."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """The pictures of a request on the device, with sides that the autoencoder can work with."""

    shape: tuple[int, int, int, int]
    """Of the latents."""
    pixels: Pixels | None
    image: Tensor | None
    """``pixels`` as 1 x 3 x height x width in -1..1."""
    replaced: Tensor | None
    """The mask as 1 x 1 x height x width in 0..1, where 1 is to be replaced."""


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """The first latents, already as noisy as the plan's first timestep."""

    latents: Tensor
    beside: Tensor | None
    """Further channels of the UNet's input, 1 x channels x latent height x latent width."""
    blend: Blend | None


def given(request: GenerationRequest, autoencoder: Autoencoder, device: torch.device) -> Given:
    """Bring over what was sent; sides that the autoencoder cannot work with grow by repeating the edge."""
    factor = autoencoder.multiple
    width, height = -(-request.width // factor) * factor, -(-request.height // factor) * factor
    pixels = None if request.init is None else padded(request.init, factor)
    mask = None if request.mask is None else padded(request.mask, factor)
    return Given(
        autoencoder.shape(width, height),
        pixels,
        None if pixels is None else to_image(pixels, device),
        None if mask is None else masks.plane(mask, device),
    )


def start(parts: Parts, autoencoder: Autoencoder, given: Given, scheduler: Any, plan: Plan, noise: Noise) -> Start:
    """Draw from ``noise`` in the order of the stock pipelines: init picture, noise, what is around the hole.

    Masking on a UNet that knows no holes keeps the rest of the latents in place after each step.
    """
    channels = parts.unet.config.in_channels
    keeps = given.replaced is not None and channels != INPAINTING
    from_noise = given.image is None or plan.full_start
    init = None if given.image is None or (from_noise and not keeps) else autoencoder.encode(given.image, noise)
    if init is not None and (keeps or channels == INPAINTING):
        init = init.contiguous()  # the stock pipelines' layout here and only here; it decides how convolutions round
    drawn = noise.draw(given.shape, parts.device)
    if init is None or from_noise:
        latents = drawn * scheduler.init_noise_sigma
    else:
        latents = noised(scheduler, init, drawn, plan.timesteps[0])
    beside = _beside(parts, autoencoder, given, noise)
    if not keeps or init is None or given.replaced is None:
        return Start(latents, beside, None)
    # The stock pipeline encodes what is around the hole for these UNets too and then leaves it aside; the
    # numbers drawn for it are gone all the same, and samplers that draw noise of their own go on behind them.
    noise.draw(given.shape, parts.device)
    return Start(latents, beside, _keep(masks.share(given.replaced, autoencoder.factor), init, drawn, scheduler))


def _beside(parts: Parts, autoencoder: Autoencoder, given: Given, noise: Noise) -> Tensor | None:
    channels = parts.unet.config.in_channels
    if channels == INPAINTING:
        return _hole(parts, autoencoder, given, noise)
    if channels == DEPTH:
        height, width = given.shape[2:]
        if given.pixels is None:
            return depth.flat(height, width, parts.device)
        return depth.estimated(parts, given.pixels, height, width)
    return None


def _hole(parts: Parts, autoencoder: Autoencoder, given: Given, noise: Noise) -> Tensor:
    """Without a mask all of the picture is a hole, and nothing is around it, whatever the picture."""
    height, width = (side * autoencoder.factor for side in given.shape[2:])
    everything = torch.ones((1, 1, height, width), device=parts.device)
    replaced = everything if given.replaced is None else given.replaced
    black = np.zeros((height, width, 3), np.uint8)
    image = to_image(black, parts.device) if given.image is None else given.image
    return masks.hole(autoencoder, image, replaced, noise)


def _keep(share: Tensor, init: Tensor, drawn: Tensor, scheduler: Any) -> Blend:
    def keep(latents: Tensor, timestep: Tensor | None) -> Tensor:
        kept = init if timestep is None else noised(scheduler, init, drawn, timestep)
        return share * latents + (1 - share) * kept

    return keep
