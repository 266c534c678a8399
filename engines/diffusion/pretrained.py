"""Reads transformers' models from a folder, and turns everything that can be wrong with the files into one error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from engines.loading import files
from engines.loading.model import WeightsUnusable
from engines.weights.setup import Located

_BROKEN = (
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


def folder_of(located: Located) -> Path:
    """The folder; models that look at pictures come with too many small files to be one file."""
    if located.folder is None:
        raise WeightsUnusable(f"{located.file}: a folder with config.json is needed, not one file")
    return located.folder


def model(kind: Any, folder: Path, located: Located, device: torch.device, dtype: torch.dtype) -> Any:
    """A model of transformers' class ``kind``, every weight of it from the files, ready to run and not to learn.

    Raises ``WeightsUnusable``. It is read on the CPU and then moved, so that a device out of memory says so itself.
    """
    found = files.find(folder, located.variant, located.pickle)
    try:
        loaded, report = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=found.safe,
            variant=found.variant,
            dtype=dtype,
            output_loading_info=True,
        )
    except _BROKEN as broken:
        raise WeightsUnusable(f"{folder}: {broken}") from broken
    wrong = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
    if wrong:
        raise WeightsUnusable(f"{folder}: {len(wrong)} weights are missing or of another size, {wrong[0]} first")
    return loaded.to(device).eval().requires_grad_(False)


def tokenizer(kind: Any, folder: Path) -> Any:
    """A tokenizer of transformers' class ``kind``, which would make up an empty one if it found no files."""
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json")):
        raise WeightsUnusable(f"{folder}: no tokenizer.json and no vocab.json")
    try:
        return kind.from_pretrained(folder, local_files_only=True)
    except _BROKEN as broken:
        raise WeightsUnusable(f"{folder}: {broken}") from broken
