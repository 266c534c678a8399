"""The stock pipelines of diffusers on tiny models, beside our own engine on the very same parts."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from engines.catalog import CARDS
from engines.diffusion import flow, samplers
from engines.diffusion.model import Diffusion
from engines.diffusion.parts import Parts
from engines.loading.model import Order, Thrift, Watch
from engines.types import GenerationRequest, Pixels, Prompt, Sampler, Task
from engines.weights.setup import EngineSetup, Kind, Source

PATIENT = Watch(stopped=lambda: False, report=lambda done, total: None)
CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")
SETUP = EngineSetup(CARD.id, Kind.DIFFUSION, Source(path=Path("tiny")))
REQUEST = GenerationRequest(
    task=Task.TEXT_TO_IMAGE,
    engine_id=CARD.id,
    width=128,
    height=64,
    seed=7,
    prompts=(Prompt("a red fox in snow"), Prompt("blurry", -1.0)),
    steps=6,
    sampler=Sampler.K_EULER,
)


def photo(width: int, height: int, seed: int = 1) -> Pixels:
    """A picture with large shapes and some grain."""
    coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    grain = np.random.default_rng(seed).integers(0, 24, (height, width, 3), dtype=np.uint8)
    shapes = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(shapes.astype(int) + grain - 12, 0, 255).astype(np.uint8)


def block(width: int, height: int) -> Pixels:
    """A mask that replaces the middle, its edges on multiples of 8."""
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 // 8 * 8 : height * 3 // 4 // 8 * 8, width // 4 // 8 * 8 : width * 3 // 4 // 8 * 8] = 255
    return mask


def difference(one: Pixels, other: Pixels) -> int:
    """The largest difference of any value of two pictures."""
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def order(request: GenerationRequest, watch: Watch = PATIENT, thrift: Thrift = Thrift.NONE) -> Order:
    """The order for a request's first picture."""
    return Order(CARD, request, request.seed, watch, thrift)


@dataclass(frozen=True)
class Pair:
    """A stock pipeline and our engine, which share all weights."""

    pipe: Any
    parts: Parts
    engine: Diffusion

    def ours(self, request: GenerationRequest) -> Pixels:
        """What our engine draws."""
        return self.engine.draw(order(request))

    def theirs(self, name: str, request: GenerationRequest, **options: Any) -> Pixels:
        """What the stock pipeline of this name draws with a CPU generator of the request's seed."""
        pipe = getattr(diffusers, name).from_pipe(self.pipe)
        pipe.set_progress_bar_config(disable=True)
        if not self.parts.flow:
            assert request.sampler is not None
            pipe.scheduler = samplers.make(request.sampler, self.parts.scheduler)
        with warnings.catch_warnings():
            # The stock depth pipeline asks for autocast in fp32, which torch declines on CPUs.
            warnings.filterwarnings("ignore", "In CPU autocast", UserWarning)
            drawn = pipe(
                prompt=request.prompts[0].text,
                negative_prompt=request.prompts[1].text if request.prompts[1:] else None,
                num_inference_steps=request.steps,
                guidance_scale=request.cfg_scale,
                generator=torch.Generator("cpu").manual_seed(request.seed),
                **options,
            )
        return np.asarray(drawn.images[0])


@cache
def pair(folder: Path) -> Pair:
    """Load a tiny model once, for both."""
    absent = {name: None for name in ("text_encoder_3", "tokenizer_3") if not (folder / name).is_dir()}
    flows = (folder / "transformer").is_dir()
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder, local_files_only=True, **(absent if flows else {}))
    parts = parts_of(pipe)
    return Pair(pipe, parts, Diffusion(parts, SETUP))


def parts_of(pipe: Any) -> Parts:
    """A stock pipeline taken apart."""
    has = pipe.components
    second = "text_encoder_2" in has
    transformer = has.get("transformer")
    return Parts(
        unet=transformer or pipe.unet,
        vae=pipe.vae,
        text_encoders=(pipe.text_encoder, pipe.text_encoder_2) if second else (pipe.text_encoder,),
        tokenizers=(pipe.tokenizer, pipe.tokenizer_2) if second else (pipe.tokenizer,),
        scheduler=(flow if transformer else samplers).configured(pipe.scheduler.config, ()),
        device=torch.device("cpu"),
        dtype=torch.float32,
        zeros_for_empty=second and not transformer,
        depth_estimator=has.get("depth_estimator"),
        depth_processor=has.get("feature_extractor"),
        t5=has.get("text_encoder_3"),
        t5_tokenizer=has.get("tokenizer_3"),
    )
