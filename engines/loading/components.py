"""One component of a checkpoint: from its folder to the device, by the classes that are known here and no others.

Whatever a library has to say about broken files becomes one sentence that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

from engines.loading import files
from engines.loading.device import Device
from engines.loading.files import WeightFiles
from engines.loading.model import WeightsUnusable
from engines.loading.shelf import Want
from engines.weights.setup import Located

_MODELS: Mapping[str, Any] = {
    "AutoencoderKL": diffusers.AutoencoderKL,
    "CLIPTextModel": transformers.CLIPTextModel,
    "CLIPTextModelWithProjection": transformers.CLIPTextModelWithProjection,
    "DPTForDepthEstimation": transformers.DPTForDepthEstimation,
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
}
"""Classes without weights."""

_COMPLAINTS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    ImportError,
    SafetensorError,
    StrictDataclassError,
)
"""What the libraries raise for files that are missing, cut off, of another architecture or of an unknown one."""


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
        size = sum(files.size(path, dtype) for path in found.paths)

        def load() -> Any:
            loaded = self._load(model, folder, found, dtype)
            if compiled:
                loaded.compile()
            return loaded

        config = files.digest(files.settings(folder / "config.json"))
        return Want(folder.name, self.key(kind, found.paths, dtype, config, compiled), size, load)

    def key(self, kind: str, paths: tuple[Path, ...], dtype: torch.dtype, *more: object) -> str:
        """Equal for the same class with the same weights in the same precision; ``more`` is what else matters."""
        return "/".join([kind, str(dtype), *map(self._fingerprints.of, paths), *map(str, more)])

    def _load(self, model: Any, folder: Path, found: WeightFiles, dtype: torch.dtype) -> Any:
        with complaints(folder, self.device):
            loaded, report = model.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=found.safe,
                variant=found.variant,
                output_loading_info=True,
                dtype=dtype,
            )
        # Left alone, both libraries fill what is missing with random numbers.
        wrong = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
        if wrong:
            raise WeightsUnusable(f"{folder}: {len(wrong)} weights are missing or of another size, {wrong[0]} first")
        return self.device.place(loaded, dtype)


def reader(kind: str, folder: Path, device: Device) -> Any:
    """A tokenizer or an image processor. Raises ``WeightsUnusable``."""
    cls = known(_READERS, kind, folder)
    # Without any file transformers makes up a tokenizer that knows no words.
    names = ("tokenizer.json", "vocab.json") if "Tokenizer" in kind else ("preprocessor_config.json",)
    if not any((folder / name).is_file() for name in names):
        raise WeightsUnusable(f"{folder} has no {' and no '.join(names)}")
    with complaints(folder, device):
        return cls.from_pretrained(folder, local_files_only=True)


def known(classes: Mapping[str, Any], kind: str, folder: Path) -> Any:
    """The class of that name. Raises ``WeightsUnusable`` for others: a checkpoint cannot bring its own code."""
    if kind not in classes:
        raise WeightsUnusable(f"{folder}: {kind} is not supported here, which would be {', '.join(sorted(classes))}")
    return classes[kind]


@contextmanager
def complaints(place: Path, device: Device) -> Iterator[None]:
    """Turn what the libraries raise into ``WeightsUnusable``; running out of memory stays what it is."""
    try:
        yield
    except _COMPLAINTS as error:
        if device.is_out_of_memory(error) or device.is_broken(error):
            raise
        raise WeightsUnusable(f"{place}: {_sentence(error)}") from error


def _sentence(error: BaseException) -> str:
    """The first lines of what was said; whole state dicts are listed after them."""
    return " ".join(str(error).split())[:400] or type(error).__name__
