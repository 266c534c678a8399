"""Checkpoints in one file, with the names that the first code for Stable Diffusion gave its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm, load_single_file_checkpoint

from engines.loading import files
from engines.loading.components import Components, known
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.loading.pretrained import complaints
from engines.loading.shelf import Want

_PAINTERS: Mapping[str, Any] = {
    "AutoencoderKL": diffusers.AutoencoderKL,
    "UNet2DConditionModel": diffusers.UNet2DConditionModel,
}
_ENCODERS: Mapping[str, Any] = {
    "CLIPTextModel": transformers.CLIPTextModel,
    "CLIPTextModelWithProjection": transformers.CLIPTextModelWithProjection,
}
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "unet": ("model.diffusion_model.",),
    "vae": ("first_stage_model.",),
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0."),
    "text_encoder_2": ("conditioner.embedders.1.",),
    "depth_estimator": ("depth_model.",),
}
"""Where in the file the weights of each component are."""


def wants(
    file: Path,
    folder: Path,
    kinds: Mapping[str, str],
    precisions: Mapping[str, torch.dtype],
    components: Components,
    compiled: bool,
) -> tuple[Want, ...]:
    """The components in the file, as the configuration in ``folder`` describes them: ``kinds`` has their classes.

    Raises ``WeightsUnusable`` before anything is loaded.
    """
    sizes = _sizes(file, precisions)
    return tuple(
        _want(file, folder / name, kind, precisions[name], sizes[name], components, compiled and name == "unet")
        for name, kind in kinds.items()
    )


def _sizes(file: Path, precisions: Mapping[str, torch.dtype]) -> dict[str, int]:
    """Bytes of each component."""
    sizes = {name: files.size(file, dtype, _PREFIXES[name]) for name, dtype in precisions.items()}
    empty = [name for name, size in sizes.items() if not size]
    if empty:
        raise WeightsUnusable(f"{file} holds no weights for the {' and the '.join(empty)}")
    return sizes


def _want(
    file: Path, folder: Path, kind: str, dtype: torch.dtype, size: int, components: Components, compiled: bool
) -> Want:
    model = known({**_PAINTERS, **_ENCODERS}, kind, folder)
    config = files.digest(files.settings(folder / "config.json"))

    def load() -> Any:
        loaded = _load(model, file, folder, dtype, components.device)
        if compiled:
            loaded.compile()
        return loaded

    return Want(folder.name, components.key(kind, (file,), dtype, folder.name, config, compiled), size, load)


def _load(model: Any, file: Path, folder: Path, dtype: torch.dtype, device: Device) -> Any:
    with complaints(file, device):
        weights = load_single_file_checkpoint(str(file), local_files_only=True)
        if model in _PAINTERS.values():
            loaded = model.from_single_file(
                weights, config=str(folder.parent), subfolder=folder.name, torch_dtype=dtype, local_files_only=True
            )
        else:
            loaded = create_diffusers_clip_model_from_ldm(
                model, weights, folder.name, str(folder.parent), dtype, local_files_only=True
            )
    # Weights that the file lacks stay without content.
    empty = sorted(name for name, weight in loaded.named_parameters() if weight.is_meta)
    if empty:
        raise WeightsUnusable(f"{file}: {len(empty)} weights of the {folder.name} are missing, {empty[0]} first")
    return device.place(loaded, dtype)
