"""Upscaling by diffusion: the x4 latent upscaler, which paints the large picture anew from the small one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from engines.diffusion import samplers
from engines.diffusion.denoise import Predict, Predictor, denoise
from engines.diffusion.latents import Autoencoder, Noise, to_image
from engines.diffusion.parts import Parts
from engines.diffusion.prompts import PromptReader
from engines.diffusion.schedule import Plan, plan
from engines.diffusion.thrifty import sliced_attention
from engines.loading.model import Order, Thrift, Watch, WeightsUnusable
from engines.types import Pixels
from engines.upscale import tiles
from engines.upscale.sizing import padded, resampled, source
from engines.upscale.tally import Tally
from engines.upscale.tiles import Tiling
from engines.weights.setup import EngineSetup

NOISE_LEVEL = 20
"""How noisy the small picture is made, as a timestep of its own schedule; the default of the published model."""

_COLOURS = 3
# For one tile of 256 the published UNet takes 1.1 GB beside its weights in fp32, twice that with guidance; half of
# the side is 0.4 GB. The decoder takes 1 GB for a tile of 128, because it works on sixteen times as many pixels.
_TILING = Tiling(side=256, overlap=64)
_DECODING = Tiling(side=128, overlap=32)


class LatentUpscaler:
    """Enlarges four times; the UNet reads the latents and, beside them, the small picture with noise on it.

    Up to one tile in size, a seed gives the picture that diffusers' upscale pipeline makes with a CPU generator of
    that seed. Larger pictures share one canvas of latents: at each step every tile predicts its part, and the
    predictions fade into each other before the step is made, so that tiles agree on what they paint.
    """

    def __init__(self, parts: Parts, setup: EngineSetup) -> None:
        channels = parts.unet.config.in_channels
        self._autoencoder = Autoencoder(parts.vae)
        if channels != self._autoencoder.channels + _COLOURS:
            raise WeightsUnusable(f"{setup.engine_id}: a UNet with {channels} input channels does not upscale")
        if parts.noise_schedule is None:
            raise WeightsUnusable(f"{setup.engine_id}: there is no low_res_scheduler")
        self._parts = parts
        self._setup = setup
        self._prompts = PromptReader(parts, setup.long_prompts)
        self._multiple = 2 ** (len(parts.unet.config.block_out_channels) - 1)
        self._tiling = replace(_TILING, side=setup.tile) if setup.tile else _TILING
        self._decoding = replace(_DECODING, side=min(self._tiling.side, _DECODING.side))
        self._low_res: Any = DDPMScheduler.from_config(dict(parts.noise_schedule))

    @torch.no_grad()
    def draw(self, order: Order) -> Pixels:
        """The request's picture, four times as large, then resampled to exactly its width and height.

        ``cfg_scale`` and prompts steer it as they steer any other model. Raises ``Stopped``.
        """
        pixels = source(order)
        height, width = pixels.shape[:2]
        small = to_image(padded(pixels, self._multiple), self._parts.device)
        painted = self._painted(order, small)
        cropped = painted[: height * self._autoencoder.factor, : width * self._autoencoder.factor]
        return resampled(cropped, order.request.width, order.request.height)

    def _painted(self, order: Order, small: Tensor) -> Pixels:
        """Four times the size of ``small`` ([1, 3, height, width] in -1..1, sides that the UNet can halve)."""
        request, noise, parts = order.request, Noise(order.seed), self._parts
        height, width = small.shape[2:]
        wanted = request.sampler or self._setup.sampler or samplers.default_sampler(guided=False)
        scheduler = samplers.make(wanted, parts.scheduler)
        run = plan(scheduler, request.steps, 1.0, 0.0, parts.device)
        tiling, decoding = (cut.for_thrift(order.thrift, self._multiple) for cut in (self._tiling, self._decoding))
        pieces = [tiles.count(width, height, cut, self._multiple) for cut in (tiling, decoding)]
        tally = Tally(order.watch, run.total * pieces[0] + pieces[1])
        beside = self._noised(small, noise)
        latents = noise.draw((1, self._autoencoder.channels, height, width), parts.device) * scheduler.init_noise_sigma
        predict = self._predict(order, scheduler, run, beside, tiling, tally)
        # Progress is counted in tiles, so the loop over steps has nothing to report.
        silent = Watch(order.watch.stopped, lambda done, total: None)
        with sliced_attention(parts, order.thrift):
            latents = denoise(scheduler, run, latents, predict, noise, silent)
        return self._decoded(latents, decoding, tally)

    def _noised(self, small: Tensor, noise: Noise) -> Tensor:
        drawn = noise.draw(tuple(small.shape), small.device)
        noised: Tensor = self._low_res.add_noise(small, drawn, torch.tensor([NOISE_LEVEL], device=small.device))
        return noised

    def _predict(
        self, order: Order, scheduler: Any, run: Plan, beside: Tensor, tiling: Tiling, tally: Tally
    ) -> Predict:
        """The model's output for the whole canvas, put together from tiles."""
        request = order.request
        level = torch.tensor([NOISE_LEVEL], device=beside.device)
        parts = replace(self._parts, unet=partial(self._parts.unet, class_labels=level))
        read = self._prompts.read(request.prompts, request.style)
        ask = Predictor(parts, read, request.cfg_scale, None, None, in_turn=order.thrift >= Thrift.TILED)
        height, width = beside.shape[2:]

        def predict(latents: Tensor, call: int) -> Tensor:
            canvas = torch.cat([scheduler.scale_model_input(latents, run.timesteps[call]), beside], dim=1)

            def work(rows: slice, columns: slice) -> Tensor:
                output = ask(canvas[:, :, rows, columns], run.asked[call])[0]
                tally.next()
                return output

            return torch.cat([*tiles.bands(width, height, tiling, work, multiple=self._multiple)], dim=1)[None]

        return predict

    def _decoded(self, latents: Tensor, tiling: Tiling, tally: Tally) -> Pixels:
        height, width = latents.shape[2:]

        def work(rows: slice, columns: slice) -> Tensor:
            image = self._autoencoder.decode(latents[:, :, rows, columns])[0].float()
            tally.next()
            return image * 0.5 + 0.5

        return tiles.paint(width, height, tiling, work, self._autoencoder.factor, self._multiple)
