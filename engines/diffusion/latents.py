"""From pixels to latents and back through the autoencoder, and the noise that a seed stands for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.loading.model import NumbersLost, Thrift
from engines.types import Pixels

# A decoder's widest layer takes about 2 KB a pixel in fp32. Above this many pixels it works in tiles on every
# device alike, because a CPU that runs out of memory gives no second chance.
_TILED_ABOVE = 1_500_000
_SMALL_TILE = 256


class Noise:
    """All randomness of one picture: fp32 normal numbers from the CPU, whatever device they are for."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator("cpu").manual_seed(seed)

    def draw(self, shape: tuple[int, ...], device: torch.device) -> Tensor:
        """The next standard normal numbers in this shape."""
        return torch.randn(shape, generator=self.generator, dtype=torch.float32).to(device)


class Autoencoder:
    """A VAE that speaks fp32 on the outside, whatever it computes in. ``vae`` is a diffusers ``AutoencoderKL``.

    ``patch`` is the side of the squares that latents are read in.
    """

    def __init__(self, vae: Any, patch: int = 1) -> None:
        self._vae = vae
        self.factor: int = 2 ** (len(vae.config.block_out_channels) - 1)
        self.multiple: int = self.factor * patch
        """Sides of pictures must be multiples of this."""
        self.channels: int = vae.config.latent_channels
        self._scale: float = vae.config.scaling_factor
        self._shift: float = vae.config.shift_factor or 0.0

    def shape(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The shape of the latents of one picture whose sides are multiples of ``factor``."""
        return 1, self.channels, height // self.factor, width // self.factor

    def encode(self, image: Tensor, noise: Noise) -> Tensor:
        """Scaled fp32 latents of ``image`` (1 x 3 x height x width in -1..1), sampled from their distribution.

        Draws once from ``noise``, as many numbers as the latents have.
        """
        spread = self._vae.encode(image.to(self._vae.dtype)).latent_dist
        drawn = noise.draw(tuple(spread.mean.shape), image.device)
        latents: Tensor = spread.mean.float() + spread.std.float() * drawn
        return self._scale * (latents - self._shift)

    def decode(self, latents: Tensor) -> Tensor:
        """The picture of scaled latents: 1 x 3 x height x width, about -1..1, in the autoencoder's own dtype."""
        unscaled = latents / self._scale + self._shift
        image: Tensor = self._vae.decode(unscaled.to(self._vae.dtype), return_dict=False)[0]
        return image


@contextmanager
def in_tiles(vae: Any, thrift: Thrift, pixels: int) -> Iterator[None]:
    """Tiles if ``thrift`` or a picture of that many pixels wants them; afterwards ``vae`` is as it was."""
    before = vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size
    vae.use_tiling = thrift >= Thrift.TILED or pixels > _TILED_ABOVE
    if thrift >= Thrift.FRUGAL and vae.tile_sample_min_size > _SMALL_TILE:
        vae.tile_latent_min_size = vae.tile_latent_min_size * _SMALL_TILE // vae.tile_sample_min_size
        vae.tile_sample_min_size = _SMALL_TILE
    try:
        yield
    finally:
        vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size = before


def padded(pixels: Pixels, multiple: int) -> Pixels:
    """Pixels or a mask whose sides are multiples of ``multiple``: right and lower edges repeat as far as needed."""
    height, width = pixels.shape[:2]
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        return pixels
    return np.pad(pixels, ((0, below), (0, right), *((0, 0),) * (pixels.ndim - 2)), mode="edge")


def to_image(pixels: Pixels, device: torch.device) -> Tensor:
    """Height x width x 3 bytes as 1 x 3 x height x width in -1..1, fp32.

    In memory the channels stay last, as in the stock pipelines: convolutions round differently otherwise.
    """
    image = torch.from_numpy(np.ascontiguousarray(pixels[None])).to(device).permute(0, 3, 1, 2)
    return 2.0 * (image.float() / 255.0) - 1.0


def to_pixels(image: Tensor, width: int, height: int) -> Pixels:
    """The upper left ``width`` x ``height`` of a 1 x 3 x ... image in -1..1 as bytes. Raises ``NumbersLost``."""
    return to_bytes(image[0, :, :height, :width].float() * 0.5 + 0.5)


def to_bytes(shown: Tensor) -> Pixels:
    """3 x height x width in 0..1 as height x width x 3 bytes, clipped and rounded half to even.

    Raises ``NumbersLost`` where float16 has overflowed: such pictures would come out black.
    """
    if not shown.isfinite().all():
        raise NumbersLost
    return (shown.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
