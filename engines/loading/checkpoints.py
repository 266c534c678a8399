"""A Stable Diffusion checkpoint: what it consists of, whether it fits what is asked of it, and its loaded parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engines.diffusion import flow, samplers
from engines.diffusion.parts import Parts
from engines.loading import files, originals
from engines.loading.components import Components, reader
from engines.loading.device import Device
from engines.loading.judging import ENCODERS, T5, Configs, judge
from engines.loading.model import WeightsUnusable
from engines.loading.shelf import Want
from engines.weights import layout
from engines.weights.setup import EngineSetup, Kind, Located

PROCESSOR = "feature_extractor"
READ_BY = dict(zip(layout.TOKENIZERS, (*ENCODERS, T5), strict=True))
"""Every tokenizer with the encoder that it serves."""
PAINTERS = (layout.UNET, layout.TRANSFORMER)


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
        served = [name for name, encoder in READ_BY.items() if encoder in loaded]
        served += [PROCESSOR] if layout.ESTIMATOR in loaded else []
        readers = {name: reader(kind_of(self.index, name), self.folder / name, device) for name in served}
        clip = [name for name, encoder in READ_BY.items() if encoder in loaded and encoder in ENCODERS]
        noise = self.folder / "low_res_scheduler" / "scheduler_config.json"
        return Parts(
            unet=next(loaded[name] for name in PAINTERS if name in loaded),
            vae=loaded["vae"],
            text_encoders=tuple(loaded[READ_BY[name]] for name in clip),
            tokenizers=tuple(readers[name] for name in clip),
            scheduler=self.scheduler,
            device=device.torch,
            dtype=self.dtype,
            zeros_for_empty=bool(self.index.get("force_zeros_for_empty_prompt", False)),
            depth_estimator=loaded.get(layout.ESTIMATOR),
            depth_processor=readers.get(PROCESSOR),
            t5=loaded.get(T5),
            t5_tokenizer=readers.get(layout.TOKENIZERS[-1]),
            noise_schedule=files.settings(noise) if kind_of(self.index, "low_res_scheduler") else None,
        )


def understand(setup: EngineSetup, located: Located, components: Components, dtype: torch.dtype) -> Checkpoint:
    """Read everything but the weights. Raises ``WeightsUnusable`` for what cannot run as this kind of engine."""
    folder = located.folder or located.config
    if folder is None:
        raise WeightsUnusable(f"{located.file} needs a folder with its configuration: set config")
    if located.file is not None and located.file.suffix != files.SAFE and not located.pickle:
        raise WeightsUnusable(f"{located.file} is not a safetensors file, and its source does not say pickle = true")
    index = files.settings(folder / layout.INDEX)
    configs = {name: files.settings(folder / name / "config.json") for name in layout.WEIGHTED if kind_of(index, name)}
    judge(setup, folder, configs)
    precisions = {name: _precision(name, setup.kind, configs, dtype) for name in configs}
    kinds = {name: kind_of(index, name) for name in configs}
    if located.file is not None:
        if layout.TRANSFORMER in configs:
            raise WeightsUnusable(f"{located.file}: Stable Diffusion 3 is read from a folder in diffusers' layout only")
        wants = originals.wants(located.file, folder, kinds, precisions, components, setup.compile)
    else:
        wants = tuple(
            components.want(kinds[name], folder / name, located, precisions[name], setup.compile and name in PAINTERS)
            for name in configs
        )
    scheduler = files.settings(folder / "scheduler" / "scheduler_config.json")
    configured = (flow if layout.TRANSFORMER in configs else samplers).configured(scheduler, setup.scheduler)
    return Checkpoint(folder, index, wants, dtype, configured)


def kind_of(index: Mapping[str, Any], name: str) -> str:
    """The class of a component; empty where there is none. Absent components are written as two nulls."""
    entry = index.get(name)
    return str(entry[1] or "") if isinstance(entry, list) and len(entry) == 2 else ""


def _precision(name: str, kind: Kind, configs: Configs, dtype: torch.dtype) -> torch.dtype:
    """The VAEs of SDXL and of the x4 upscaler overflow in float16, where their configuration does not deny it.

    bfloat16 reaches as far as float32. Stable Diffusion 3's does not overflow, though its configuration says so.
    """
    wide = (ENCODERS[1] in configs and layout.TRANSFORMER not in configs) or kind is Kind.LATENT_UPSCALER
    overflows = wide and configs["vae"].get("force_upcast", True)
    return torch.float32 if name == "vae" and overflows and dtype == torch.float16 else dtype
