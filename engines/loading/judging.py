"""Whether a checkpoint is one that our models can run, by its configuration alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.loading.model import WeightsUnusable
from engines.weights import layout
from engines.weights.setup import EngineSetup, Kind

ACCEPTED = {Kind.DIFFUSION: {4, 5, 9}, Kind.LATENT_UPSCALER: {7}}
"""Input channels of the UNets that our models can run: see ``Parts``."""
DEPTH = 5
ENCODERS = ("text_encoder", "text_encoder_2")
"""Those of CLIP's kind."""
T5 = "text_encoder_3"

Configs = Mapping[str, Mapping[str, Any]]
"""The configuration of every component with weights, by its name."""


def judge(setup: EngineSetup, folder: Path, configs: Configs) -> None:
    """Raises ``WeightsUnusable`` for another architecture than those of Stable Diffusion."""
    if layout.TRANSFORMER in configs:
        _judge_transformer(setup, folder, configs)
    else:
        _judge_unet(setup, folder, configs)


def _judge_unet(setup: EngineSetup, folder: Path, configs: Configs) -> None:
    _need(setup, folder, configs, {layout.UNET, "vae", "text_encoder"})
    channels = configs[layout.UNET].get("in_channels")
    if channels not in ACCEPTED[setup.kind]:
        raise WeightsUnusable(f"{folder}: a UNet with {channels} input channels cannot serve as {setup.kind}")
    if channels == DEPTH and layout.ESTIMATOR not in configs:
        raise WeightsUnusable(f"{folder}: a UNet that reads depth needs a {layout.ESTIMATOR}")
    width = configs[layout.UNET].get("cross_attention_dim")
    read = _sum(configs, "hidden_size")
    if width != read:
        raise WeightsUnusable(f"{folder}: the UNet reads texts {width} wide, the text encoders write {read}")


def _judge_transformer(setup: EngineSetup, folder: Path, configs: Configs) -> None:
    """Stable Diffusion 3: two encoders of CLIP's kind that sum texts up, and T5 or nothing in its place."""
    if setup.kind is not Kind.DIFFUSION:
        raise WeightsUnusable(f"{folder}: a transformer cannot serve as {setup.kind}")
    _need(setup, folder, configs, {"vae", *ENCODERS})
    painter = configs[layout.TRANSFORMER]
    width = painter.get("joint_attention_dim", 0)
    facts = (
        ("latents", "channels", painter.get("in_channels"), configs["vae"].get("latent_channels")),
        ("texts", "wide", width, configs[T5].get("d_model") if T5 in configs else width),
        ("whole texts", "wide", painter.get("pooled_projection_dim"), _sum(configs, "projection_dim")),
    )
    for what, unit, read, written in facts:
        if read != written:
            raise WeightsUnusable(f"{folder}: the transformer reads {what} {read} {unit}, the others write {written}")
    if _sum(configs, "hidden_size") > width:
        raise WeightsUnusable(f"{folder}: the transformer reads texts {width} wide, the text encoders write more")


def _need(setup: EngineSetup, folder: Path, configs: Configs, names: set[str]) -> None:
    missing = names - configs.keys()
    if missing:
        raise WeightsUnusable(
            f"{folder} is no checkpoint for {setup.kind}: it has no {' and no '.join(sorted(missing))}"
        )


def _sum(configs: Configs, key: str) -> int:
    return sum(int(configs[name].get(key, 0)) for name in ENCODERS if name in configs)
