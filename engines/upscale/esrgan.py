"""Upscaling by one pass of a network over every pixel: Real-ESRGAN and its relatives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.loading.model import Order, WeightsUnusable
from engines.types import Pixels
from engines.upscale import rrdbnet, states, strangers, tiles
from engines.upscale.sizing import padded, resampled, source
from engines.upscale.tally import Tally
from engines.upscale.tiles import Tiling
from engines.weights.setup import EngineSetup, Located

# A tile of 512 pixels takes 600 MB beside the weights of the published network (fp32, x2), one of 384, which is
# what 1024 pixels are cut into, 370 MB: two layers of 64 features in the size that comes out.
_TILING = Tiling(side=512, overlap=64)


@dataclass(frozen=True, slots=True, eq=False)
class Esrgan:
    """A network that enlarges by ``scale``, and the sides it takes: multiples of ``multiple`` pixels.

    Prompts, steps and seeds mean nothing to it: the same picture always gives the same pixels.
    """

    network: Any
    scale: int
    multiple: int
    device: torch.device
    dtype: torch.dtype
    tiling: Tiling = _TILING

    @torch.inference_mode()
    def draw(self, order: Order) -> Pixels:
        """The request's picture, enlarged to exactly its width and height. Raises ``Stopped``.

        The network runs as often as comes nearest to that size, at least once; resampling does the rest.
        """
        request, pixels = order.request, source(order)
        tiling = self.tiling.for_thrift(order.thrift, self.multiple)
        passes = _passes(self.scale, pixels, request.width, request.height)
        tally = Tally(order.watch, sum(self._tiles(pixels, tiling, done) for done in range(passes)))
        for _ in range(passes):
            pixels = self._enlarged(pixels, tiling, tally)
        return resampled(pixels, request.width, request.height)

    def _enlarged(self, pixels: Pixels, tiling: Tiling, tally: Tally) -> Pixels:
        height, width = pixels.shape[:2]
        whole = padded(pixels, self.multiple)

        def work(rows: slice, columns: slice) -> Tensor:
            enlarged: Tensor = self.network(self._tensor(whole[rows, columns]))[0]
            tally.next()
            return enlarged

        canvas = tiles.paint(whole.shape[1], whole.shape[0], tiling, work, self.scale, self.multiple)
        return canvas[: height * self.scale, : width * self.scale]

    def _tensor(self, pixels: Pixels) -> Tensor:
        """[1, 3, height, width] from 0 to 1, in the order of channels that convolutions are fastest in."""
        levels = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)
        planes = levels.permute(2, 0, 1)[None].to(self.dtype, memory_format=torch.channels_last)
        return planes.div_(255)

    def _tiles(self, pixels: Pixels, tiling: Tiling, passes_done: int) -> int:
        grown = (side * self.scale**passes_done for side in pixels.shape[:2])
        height, width = (-(-side // self.multiple) * self.multiple for side in grown)
        return tiles.count(width, height, tiling, self.multiple)


def load(located: Located, device: torch.device, dtype: torch.dtype, setup: EngineSetup) -> Esrgan:
    """The upscaler in a file, on its device. Raises ``WeightsUnusable``.

    An RRDBNet is run by the network of our own; for other architectures spandrel is asked, if it is installed.
    """
    state = states.read(located)
    try:
        return _built(state, device, dtype, setup)
    except WeightsUnusable as error:
        raise WeightsUnusable(f"{located.file or located.folder}: {error}") from error


def _built(state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype, setup: EngineSetup) -> Esrgan:
    tiling = Tiling(setup.tile, _TILING.overlap) if setup.tile else _TILING
    if not rrdbnet.is_rrdbnet(state):
        stranger, precise = strangers.build(state, device, dtype)
        return Esrgan(stranger, stranger.scale, 1, device, precise, tiling)
    network: Any = rrdbnet.build(state).to(device, dtype)
    network.to(memory_format=torch.channels_last)
    if setup.compile:
        network.compile()
    return Esrgan(network, network.scale, network.multiple, device, dtype, tiling)


def _passes(scale: int, pixels: Pixels, width: int, height: int) -> int:
    """How many passes come nearest to the wanted size, by the mean of both sides' growth."""
    if scale == 1:
        return 1
    growth = math.sqrt(width * height / (pixels.shape[0] * pixels.shape[1]))
    return max(1, round(math.log(growth, scale)))
