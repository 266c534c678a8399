"""Who competes: our engines, the pipelines of diffusers, and the upscaler's network without our tiles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch

from benchmarks.architectures import SCHEDULER, Architecture, Components
from benchmarks.contest import Laps
from engines.catalog import CARDS
from engines.diffusion import samplers
from engines.diffusion.latents import Noise
from engines.diffusion.model import Diffusion
from engines.diffusion.parts import Parts
from engines.loading.device import Device
from engines.loading.model import Order, Watch
from engines.types import EngineCard, GenerationRequest, Pixels, Prompt, Sampler, Task
from engines.upscale.esrgan import Esrgan
from engines.weights.setup import EngineSetup, Kind, Source

SAMPLER = Sampler.K_DPMPP_2M
CFG_SCALE = 7.0
OURS = "Understudy"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What both competitors get: components, where and in which precision they run, and the size of pictures."""

    architecture: Architecture
    components: Components
    device: Device
    dtype: torch.dtype
    side: int


def card_of(engine_id: str) -> EngineCard:
    """The card of an engine."""
    return next(card for card in CARDS if card.id == engine_id)


def prompt_of(seed: int) -> str:
    """Another one for every seed, so that nobody finds its embeddings remembered."""
    return f"a lighthouse on a cliff at sunset, {seed} sailing boats, gulls"


class OurDiffusion:
    """The loop of ``engines.diffusion``."""

    name = OURS

    def __init__(self, model: Model) -> None:
        architecture = model.architecture
        self._side = model.side
        self._card = card_of(architecture.engine_id)
        self._vae = model.components.vae
        # As when a checkpoint is loaded: in float16 the VAE of SDXL overflows.
        overflows = model.components.vae.config.force_upcast and len(model.components.text_encoders) == 2
        self._vae_dtype = torch.float32 if overflows and model.dtype == torch.float16 else model.dtype
        setup = EngineSetup(self._card.id, Kind.DIFFUSION, Source(path=Path("random")))
        self._engine = Diffusion(parts_of(model), setup)

    def prepare(self) -> None:
        """The stock pipeline of SDXL in float16 leaves the VAE in float16."""
        self._vae.to(self._vae_dtype)

    def draw(self, seed: int, steps: int, laps: Laps) -> Pixels:
        """One picture."""
        request = GenerationRequest(
            Task.TEXT_TO_IMAGE,
            self._card.id,
            self._side,
            self._side,
            seed,
            prompts=(Prompt(prompt_of(seed)),),
            steps=steps,
            cfg_scale=CFG_SCALE,
            sampler=SAMPLER,
        )
        watch = Watch(stopped=lambda: False, report=lambda done, total: laps.ended(done))
        return self._engine.draw(Order(self._card, request, seed, watch))


class StockDiffusion:
    """The pipeline of diffusers for the same kind of model."""

    name = "diffusers"

    def __init__(self, model: Model) -> None:
        self._model = model
        self._pipe = stock(model.components)
        self._pipe.set_progress_bar_config(disable=True)

    def prepare(self) -> None:
        """In float16 it converts SDXL's VAE to float32 and back for every picture, so it gets it in float16."""
        self._model.components.vae.to(self._model.dtype)
        self._pipe.scheduler = samplers.make(SAMPLER, SCHEDULER)

    def draw(self, seed: int, steps: int, laps: Laps) -> Pixels:
        """One picture. It computes on latents in the precision of the UNet, so it gets our noise rounded to that."""

        def ended(pipe: object, step: int, timestep: object, tensors: dict[str, Any]) -> dict[str, Any]:
            laps.ended(step + 1)
            return tensors

        side = self._model.side
        factor = 2 ** (len(self._model.components.vae.config.block_out_channels) - 1)
        noise = Noise(seed).draw((1, 4, side // factor, side // factor), self._model.device.torch)
        drawn = self._pipe(
            prompt=prompt_of(seed),
            width=side,
            height=side,
            num_inference_steps=steps,
            guidance_scale=CFG_SCALE,
            latents=noise.to(self._model.dtype),
            callback_on_step_end=ended,
        )
        return np.asarray(drawn.images[0])


def stock(parts: Components) -> Any:
    """The pipeline of diffusers that holds these components."""
    held: dict[str, Any] = {
        "unet": parts.unet,
        "vae": parts.vae,
        "text_encoder": parts.text_encoders[0],
        "tokenizer": parts.tokenizers[0],
        "scheduler": samplers.make(SAMPLER, SCHEDULER),
    }
    if len(parts.text_encoders) == 2:
        second = {"text_encoder_2": parts.text_encoders[1], "tokenizer_2": parts.tokenizers[1]}
        return diffusers.StableDiffusionXLPipeline(**held, **second)
    return diffusers.StableDiffusionPipeline(
        **held, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def parts_of(model: Model) -> Parts:
    """The same components as our engines take them."""
    components = model.components
    return Parts(
        components.unet,
        components.vae,
        components.text_encoders,
        components.tokenizers,
        SCHEDULER,
        model.device.torch,
        model.dtype,
        zeros_for_empty=len(components.text_encoders) == 2,
    )


class OurUpscaler:
    """The network in tiles, where the picture is larger than one."""

    name = OURS

    def __init__(self, network: Any, device: Device, dtype: torch.dtype, side: int) -> None:
        self._engine = Esrgan(network, network.scale, network.multiple, device.torch, dtype)
        self._side = side

    def prepare(self) -> None:
        """Nothing is shared that changes."""

    def draw(self, seed: int, steps: int, laps: Laps) -> Pixels:
        """Twice the size."""
        init, larger = photo(seed, self._side), self._engine.scale * self._side
        card = card_of("esrgan-v1-x2plus")
        request = GenerationRequest(Task.UPSCALE, card.id, larger, larger, seed, init=init)
        watch = Watch(stopped=lambda: False, report=lambda done, total: None)
        return self._engine.draw(Order(card, request, seed, watch))


class WholeNetwork:
    """The network over the whole picture at once."""

    name = "untiled"

    def __init__(self, network: Any, device: Device, dtype: torch.dtype, side: int) -> None:
        self._network = network
        self._place = device.torch
        self._dtype = dtype
        self._side = side

    def prepare(self) -> None:
        """Nothing is shared that changes."""

    @torch.inference_mode()
    def draw(self, seed: int, steps: int, laps: Laps) -> Pixels:
        """Twice the size."""
        read = torch.from_numpy(photo(seed, self._side)).to(self._place).permute(2, 0, 1)[None] / 255
        enlarged = self._network(read.to(self._dtype, memory_format=torch.channels_last))[0]
        levels = (enlarged.float().clamp(0, 1) * 255).round().to(torch.uint8)
        pixels: Pixels = levels.permute(1, 2, 0).contiguous().cpu().numpy()
        return pixels


def photo(seed: int, side: int) -> Pixels:
    """Coloured squares with grain."""
    numbers = np.random.default_rng(seed)
    squares = numbers.integers(0, 225, (16, 16, 3)).repeat(side // 16, 0).repeat(side // 16, 1)
    pixels: Pixels = (squares + numbers.integers(0, 30, squares.shape)).astype(np.uint8)
    return pixels
