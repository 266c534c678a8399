"""Builds tiny but complete models of every kind, in the folder layout of diffusers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionDepth2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionUpscalePipeline,
    StableDiffusionXLPipeline,
)

from tests.tiny import flow, reading, seeing, text
from tests.tiny.esrgan import build_esrgan
from tests.tiny.original import save_original
from tests.tiny.painting import unet, vae

__all__ = ["KINDS", "build", "build_esrgan", "build_single_file"]

WIDTH = 16
SECOND_WIDTH, PROJECTION = 24, 20
TIME_IDS, TIME_WIDTH = 6, 8
NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
FROM_SD = {**NOISE, "clip_sample": False, "set_alpha_to_one": False}


def build(kind: str, folder: Path) -> Path:
    """Save the model of this kind in the folder, always with the same weights; the folder is given back.

    Kinds: sd1, sd2, sd2-v, sdxl, inpainting, depth, x4, clip, safety, and those of ``reading`` and ``flow``.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(list(KINDS).index(kind) + 1)
        KINDS[kind](folder)
    return folder


def build_single_file(path: Path) -> Path:
    """Save the weights of sd1 as one file with the original names; the folder of sd1 explains it."""
    with tempfile.TemporaryDirectory() as folder:
        return save_original(path, build("sd1", Path(folder)))


def _sd1(folder: Path) -> None:
    scheduler = PNDMScheduler(**NOISE, skip_prk_steps=True, set_alpha_to_one=False)
    StableDiffusionPipeline(**_parts(unet(WIDTH), scheduler), **UNCHECKED).save_pretrained(folder)


def _sd2(folder: Path) -> None:
    StableDiffusionPipeline(**_second(DDIMScheduler(**FROM_SD)), **UNCHECKED).save_pretrained(folder)


def _sd2_v(folder: Path) -> None:
    scheduler = DDIMScheduler(**FROM_SD, prediction_type="v_prediction")
    parts = _second(scheduler, predicts_noise=False)
    StableDiffusionPipeline(**parts, **UNCHECKED).save_pretrained(folder)


def _sdxl(folder: Path) -> None:
    painter = unet(
        WIDTH + SECOND_WIDTH,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=TIME_IDS * TIME_WIDTH + PROJECTION,
        use_linear_projection=True,
        sample_size=128,
    )
    StableDiffusionXLPipeline(
        unet=painter,
        # Attention over all latents of a megapixel would take longer than everything else.
        vae=vae(scaling=0.13025, force_upcast=True, mid_block_add_attention=False),
        text_encoder=text.encoder(WIDTH),
        tokenizer=text.tokenizer(),
        text_encoder_2=text.projecting_encoder(SECOND_WIDTH, PROJECTION),
        tokenizer_2=text.tokenizer(pad="!"),
        scheduler=EulerDiscreteScheduler(**NOISE, timestep_spacing="leading"),
        force_zeros_for_empty_prompt=True,
    ).save_pretrained(folder)


def _inpainting(folder: Path) -> None:
    """Latents, mask, and the latents of the picture with a hole."""
    parts = _parts(unet(WIDTH, 9), DDIMScheduler(**FROM_SD))
    StableDiffusionInpaintPipeline(**parts, **UNCHECKED).save_pretrained(folder)


def _depth(folder: Path) -> None:
    """Latents and a map of depths."""
    StableDiffusionDepth2ImgPipeline(
        **_second(DDIMScheduler(**FROM_SD), inputs=5),
        depth_estimator=seeing.depth_estimator(),
        feature_extractor=seeing.depth_processor(),
    ).save_pretrained(folder)


def _x4(folder: Path) -> None:
    """Latents and the small picture itself, with the amount of noise on it as a class."""
    painter = unet(WIDTH, 7, predicts_noise=False, num_class_embeds=1000, use_linear_projection=True)
    parts = _parts(painter, DDIMScheduler(**FROM_SD, prediction_type="v_prediction"), vae(4, 0.08333))
    parts["tokenizer"] = text.tokenizer(pad="!")
    StableDiffusionUpscalePipeline(
        **parts,
        low_res_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        max_noise_level=350,
    ).save_pretrained(folder)


def _second(scheduler: Any, inputs: int = 4, *, predicts_noise: bool = True) -> dict[str, Any]:
    painter = unet(SECOND_WIDTH, inputs, predicts_noise=predicts_noise, use_linear_projection=True)
    parts = _parts(painter, scheduler)
    return parts | {"text_encoder": text.encoder(SECOND_WIDTH, "gelu"), "tokenizer": text.tokenizer(pad="!")}


def _parts(painter: Any, scheduler: Any, decoder: AutoencoderKL | None = None) -> dict[str, Any]:
    return {
        "unet": painter,
        "vae": decoder or vae(),
        "text_encoder": text.encoder(WIDTH),
        "tokenizer": text.tokenizer(),
        "scheduler": scheduler,
    }


UNCHECKED = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
KINDS: dict[str, Callable[[Path], None]] = {
    "sd1": _sd1,
    "sd2": _sd2,
    "sd2-v": _sd2_v,
    "sdxl": _sdxl,
    "inpainting": _inpainting,
    "depth": _depth,
    "x4": _x4,
    "clip": seeing.save_clip,
    "safety": seeing.save_checker,
    **reading.KINDS,
    **flow.KINDS,
}
