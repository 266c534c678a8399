"""One component of a checkpoint: from its folder to the device, by the classes that are known here and no others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

from engines.loading import files, pretrained
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.loading.shelf import Want
from engines.weights.setup import Located

_MODELS: Mapping[str, Any] = {
    "AutoencoderKL": diffusers.AutoencoderKL,
    "CLIPTextModel": transformers.CLIPTextModel,
    "CLIPTextModelWithProjection": transformers.CLIPTextModelWithProjection,
    "DPTForDepthEstimation": transformers.DPTForDepthEstimation,
    "SD3Transformer2DModel": diffusers.SD3Transformer2DModel,
    "T5EncoderModel": transformers.T5EncoderModel,
    "UNet2DConditionModel": diffusers.UNet2DConditionModel,
}
"""Classes with weights, by the names that ``model_index.json`` gives them. Any: the libraries are untyped."""

_READERS: Mapping[str, Any] = {
    "CLIPTokenizer": transformers.CLIPTokenizer,
    "CLIPTokenizerFast": transformers.CLIPTokenizer,
    # The one without torchvision computes the same; the older names are those of published checkpoints.
    "DPTFeatureExtractor": DPTImageProcessorPil,
    "DPTImageProcessor": DPTImageProcessorPil,
    "DPTImageProcessorFast": DPTImageProcessorPil,
    "DPTImageProcessorPil": DPTImageProcessorPil,
    "T5Tokenizer": transformers.T5TokenizerFast,
    "T5TokenizerFast": transformers.T5TokenizerFast,
}
"""Classes without weights."""


class Components:
    """Loads components to one device, and knows which of them are the same."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._fingerprints = files.Fingerprints()
        # Progress goes to the log, not to a terminal that nobody watches.
        diffusers.utils.logging.disable_progress_bar()
        transformers.utils.logging.disable_progress_bar()

    def want(self, kind: str, folder: Path, located: Located, dtype: torch.dtype, compiled: bool = False) -> Want:
        """The component of this class in this folder. Raises ``WeightsUnusable`` before anything is loaded."""
        model = known(_MODELS, kind, folder)
        found = files.find(folder, located.variant, located.pickle)
        config = files.settings(folder / "config.json")
        size = sum(files.size(path, dtype) + _widened(kind, config, path, dtype) for path in found.paths)

        def load() -> Any:
            loaded = pretrained.model(model, folder, located, self.device, dtype)
            if compiled:
                loaded.compile()
            return loaded

        return Want(folder.name, self.key(kind, found.paths, dtype, files.digest(config), compiled), size, load)

    def key(self, kind: str, paths: tuple[Path, ...], dtype: torch.dtype, *more: object) -> str:
        """Equal for the same class with the same weights in the same precision; ``more`` is what else matters."""
        return "/".join([kind, str(dtype), *map(self._fingerprints.of, paths), *map(str, more)])


def _widened(kind: str, config: Mapping[str, Any], path: Path, dtype: torch.dtype) -> int:
    """Bytes beyond those of float16 that T5 takes: transformers keeps in float32 what would overflow otherwise."""
    if kind != "T5EncoderModel" or dtype != torch.float16:
        return 0
    wide = tuple(f"encoder.block.{layer}.layer.1.DenseReluDense.wo." for layer in range(config.get("num_layers", 0)))
    return files.size(path, dtype, wide)


def reader(kind: str, folder: Path, device: Device) -> Any:
    """A tokenizer or an image processor. Raises ``WeightsUnusable``."""
    names = pretrained.TOKENIZER if "Tokenizer" in kind else pretrained.PROCESSOR
    return pretrained.reader(known(_READERS, kind, folder), folder, names, device)


def known(classes: Mapping[str, Any], kind: str, folder: Path) -> Any:
    """The class of that name. Raises ``WeightsUnusable`` for others: a checkpoint cannot bring its own code."""
    if kind not in classes:
        raise WeightsUnusable(f"{folder}: {kind} is not supported here, which would be {', '.join(sorted(classes))}")
    return classes[kind]
