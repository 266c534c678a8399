"""One Stable Diffusion checkpoint at work: from an order to its picture."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engines.diffusion import flow, masks, samplers
from engines.diffusion.denoise import Predict, Predictor, denoise, time_ids
from engines.diffusion.guidance import ClipGuide, GuidedRun
from engines.diffusion.joint import JointReader
from engines.diffusion.latents import Autoencoder, Noise, in_tiles, to_pixels
from engines.diffusion.parts import Parts
from engines.diffusion.prompts import PromptReader
from engines.diffusion.schedule import Plan, plan, predicted_original
from engines.diffusion.starts import DEPTH, INPAINTING, ORDINARY, Start, given, start
from engines.diffusion.thrifty import recomputed_gradients, sliced_attention
from engines.loading.model import Order, Thrift, WeightsUnusable
from engines.types import GenerationRequest, Pixels
from engines.weights.setup import EngineSetup

NO_GUIDANCE = frozenset({None, "NONE"})


class Diffusion:
    """Text-to-image, image-to-image and masking by SD 1, SD 2, SDXL, SD 3, inpainting and depth models.

    A seed gives the picture that the stock pipelines of diffusers make with a CPU generator of that seed, because
    noise is drawn in the same order. Two differences are on purpose: a ``schedule_start`` of 1 ignores the init
    picture entirely, and ``cfg_scale`` means what its formula says below 1 too. Raises ``WeightsUnusable`` for a
    UNet that reads anything else than these kinds do.
    """

    def __init__(self, parts: Parts, setup: EngineSetup, guidance: ClipGuide | None = None) -> None:
        channels = parts.unet.config.in_channels
        if channels not in {ORDINARY, DEPTH, INPAINTING} and not parts.flow:
            raise WeightsUnusable(f"{setup.engine_id}: a UNet with {channels} input channels does not draw")
        if channels == DEPTH and (parts.depth_estimator is None or parts.depth_processor is None):
            raise WeightsUnusable(f"{setup.engine_id}: a UNet that reads depth needs a depth estimator")
        self._parts = parts
        self._setup = setup
        self._guidance = guidance
        self._autoencoder = Autoencoder(parts.vae, parts.patch)
        self._prompts = (JointReader if parts.flow else PromptReader)(parts, setup.long_prompts)

    @torch.no_grad()
    def draw(self, order: Order) -> Pixels:
        """One picture. Where nothing may change (no step to run, an empty mask) it is the init picture itself."""
        request = order.request
        scheduler = self._scheduler(order)
        run = plan(scheduler, request.steps, *_ends(request), self._parts.device)
        if request.init is not None and (run.untouched or _empty(request.mask)):
            return request.init.copy()
        parts, thrift = self._parts, order.thrift
        tiles = in_tiles(parts.vae, thrift, request.width * request.height)
        gradients = recomputed_gradients(parts, thrift if self._guides(order) else Thrift.NONE)
        with tiles, sliced_attention(parts, thrift), gradients:
            drawn = self._drawn(order, scheduler, run)
        if request.init is None or request.mask is None:
            return drawn
        return masks.composite(request.init, drawn, request.mask)

    def _drawn(self, order: Order, scheduler: Any, run: Plan) -> Pixels:
        """The picture before it is laid over the init picture. ``scheduler`` serves this picture only."""
        request, noise = order.request, Noise(order.seed)
        sent = given(request, self._autoencoder, self._parts.device)
        begun = start(self._parts, self._autoencoder, sent, scheduler, run, noise)
        predict = self._predict(order, scheduler, run, begun)
        latents = denoise(scheduler, run, begun.latents, predict, noise, order.watch, begun.blend)
        order.watch.step(run.total, run.total)
        return to_pixels(self._autoencoder.decode(latents), request.width, request.height)

    def _scheduler(self, order: Order) -> Any:
        if self._parts.flow:
            multiple = self._autoencoder.multiple
            patches = -(-order.request.width // multiple) * -(-order.request.height // multiple)
            return flow.make(self._parts.scheduler, patches)
        wanted = order.request.sampler or self._setup.sampler or samplers.default_sampler(self._guides(order))
        return samplers.make(wanted, self._parts.scheduler)

    def _predict(self, order: Order, scheduler: Any, run: Plan, begun: Start) -> Predict:
        """The model's output for latents as they are, steered by the prompts and, where wanted, by CLIP."""
        request = order.request
        read = self._prompts.read(request.prompts, request.style)
        height, width = (side * self._autoencoder.factor for side in begun.latents.shape[2:])
        told = read.pooled_positive is not None and not self._parts.flow
        sizes = time_ids(width, height, self._parts.device) if told else None
        in_turn = order.thrift >= Thrift.TILED
        ask = Predictor(self._parts, read, request.cfg_scale, begun.beside, sizes, in_turn)

        def predict(latents: Tensor, call: int) -> Tensor:
            return ask(scheduler.scale_model_input(latents, run.timesteps[call]), run.asked[call])

        guided = self._guided(order, run)
        if guided is None:
            return predict
        return lambda latents, call: guided.shift(
            latents,
            lambda those: predict(those, call),
            lambda output, those: predicted_original(scheduler, output, run.timesteps[call], those),
            self._autoencoder.decode,
        )

    def _guided(self, order: Order, run: Plan) -> GuidedRun | None:
        if self._guidance is None or not self._guides(order):
            return None
        request = order.request
        return self._guidance.prepare(request.prompts, request.guidance, order.seed, run.total)

    def _guides(self, order: Order) -> bool:
        asked = order.request.guidance not in NO_GUIDANCE
        return self._guidance is not None and order.card.guided and asked


def _ends(request: GenerationRequest) -> tuple[float, float]:
    """Which share of the schedule is run, and which is left out; without an init picture at least one step is made."""
    if request.init is None:
        return 1.0, min(request.schedule_end, 1 - 1 / request.steps)
    return request.schedule_start, request.schedule_end


def _empty(mask: Pixels | None) -> bool:
    return mask is not None and not mask.any()
