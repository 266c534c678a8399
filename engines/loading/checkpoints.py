"""A Stable Diffusion checkpoint: what it consists of, whether it fits what is asked of it, and its loaded parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engines.diffusion import samplers
from engines.diffusion.parts import Parts
from engines.loading import files, originals
from engines.loading.components import Components, reader
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.loading.shelf import Want
from engines.weights import layout
from engines.weights.setup import EngineSetup, Kind, Located

ACCEPTED = {Kind.DIFFUSION: {4, 5, 9}, Kind.LATENT_UPSCALER: {7}}
"""Input channels of the UNets that our models can run: see ``Parts``."""
DEPTH = 5
ENCODERS = ("text_encoder", "text_encoder_2")
PROCESSOR = "feature_extractor"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A checkpoint that is understood but not loaded. ``folder`` has its configuration, and maybe its weights."""

    folder: Path
    index: Mapping[str, Any]
    """The content of ``model_index.json``: the class of every component."""
    wants: tuple[Want, ...]
    dtype: torch.dtype
    scheduler: Mapping[str, Any]

    def parts(self, loaded: Mapping[str, Any], device: Device) -> Parts:
        """The parts, of components that are loaded already, by name. Raises ``WeightsUnusable``."""
        readers = {
            name: reader(kind_of(self.index, name), self.folder / name, device)
            for name in (*layout.TOKENIZERS, PROCESSOR)
            if name in layout.TOKENIZERS[: len(self._encoders)] or (name == PROCESSOR and layout.ESTIMATOR in loaded)
        }
        noise = self.folder / "low_res_scheduler" / "scheduler_config.json"
        return Parts(
            unet=loaded["unet"],
            vae=loaded["vae"],
            text_encoders=tuple(loaded[name] for name in self._encoders),
            tokenizers=tuple(readers[name] for name in layout.TOKENIZERS if name in readers),
            scheduler=self.scheduler,
            device=device.torch,
            dtype=self.dtype,
            zeros_for_empty=bool(self.index.get("force_zeros_for_empty_prompt", False)),
            depth_estimator=loaded.get(layout.ESTIMATOR),
            depth_processor=readers.get(PROCESSOR),
            noise_schedule=files.settings(noise) if kind_of(self.index, "low_res_scheduler") else None,
        )

    @property
    def _encoders(self) -> tuple[str, ...]:
        return tuple(name for name in ENCODERS if kind_of(self.index, name))


def understand(setup: EngineSetup, located: Located, components: Components, dtype: torch.dtype) -> Checkpoint:
    """Read everything but the weights. Raises ``WeightsUnusable`` for what cannot run as this kind of engine."""
    folder = located.folder or located.config
    if folder is None:
        raise WeightsUnusable(f"{located.file} needs a folder with its configuration: set config")
    if located.file is not None and located.file.suffix != files.SAFE and not located.pickle:
        raise WeightsUnusable(f"{located.file} is not a safetensors file, and its source does not say pickle = true")
    index = files.settings(folder / layout.INDEX)
    configs = {name: files.settings(folder / name / "config.json") for name in layout.WEIGHTED if kind_of(index, name)}
    _judge(setup, folder, configs)
    precisions = {name: _precision(name, setup.kind, configs, dtype) for name in configs}
    kinds = {name: kind_of(index, name) for name in configs}
    if located.file is not None:
        wants = originals.wants(located.file, folder, kinds, precisions, components, setup.compile)
    else:
        wants = tuple(
            components.want(kinds[name], folder / name, located, precisions[name], setup.compile and name == "unet")
            for name in configs
        )
    scheduler = files.settings(folder / "scheduler" / "scheduler_config.json")
    return Checkpoint(folder, index, wants, dtype, samplers.configured(scheduler, setup.scheduler))


def kind_of(index: Mapping[str, Any], name: str) -> str:
    """The class of a component; empty where there is none. Absent components are written as two nulls."""
    entry = index.get(name)
    return str(entry[1] or "") if isinstance(entry, list) and len(entry) == 2 else ""


def _precision(name: str, kind: Kind, configs: Mapping[str, Mapping[str, Any]], dtype: torch.dtype) -> torch.dtype:
    """The VAEs of SDXL and of the x4 upscaler overflow in float16, where their configuration does not deny it.

    bfloat16 reaches as far as float32.
    """
    wide = ENCODERS[1] in configs or kind is Kind.LATENT_UPSCALER
    overflows = wide and configs["vae"].get("force_upcast", True)
    return torch.float32 if name == "vae" and overflows and dtype == torch.float16 else dtype


def _judge(setup: EngineSetup, folder: Path, configs: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises ``WeightsUnusable`` for another architecture than those of Stable Diffusion."""
    missing = {"unet", "vae", "text_encoder"} - configs.keys()
    if missing:
        raise WeightsUnusable(
            f"{folder} is no checkpoint for {setup.kind}: it has no {' and no '.join(sorted(missing))}"
        )
    channels = configs["unet"].get("in_channels")
    if channels not in ACCEPTED[setup.kind]:
        raise WeightsUnusable(f"{folder}: a UNet with {channels} input channels cannot serve as {setup.kind}")
    if channels == DEPTH and layout.ESTIMATOR not in configs:
        raise WeightsUnusable(f"{folder}: a UNet that reads depth needs a {layout.ESTIMATOR}")
    width = configs["unet"].get("cross_attention_dim")
    read = sum(int(configs[name].get("hidden_size", 0)) for name in ENCODERS if name in configs)
    if width != read:
        raise WeightsUnusable(f"{folder}: the UNet reads texts {width} wide, the text encoders write {read}")
