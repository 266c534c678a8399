"""Reads models, tokenizers and processors of the libraries from folders, and turns what is wrong into one error.

Whatever a library has to say about broken files becomes one sentence that names the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from engines.loading import files
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.weights.setup import Located

TOKENIZER = ("tokenizer.json", "vocab.json")
PROCESSOR = ("preprocessor_config.json",)
"""The files of which a reader needs one at least."""

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


def folder_of(located: Located) -> Path:
    """The folder; models that look at pictures come with too many small files to be one file."""
    if located.folder is None:
        raise WeightsUnusable(f"{located.file}: a folder with config.json is needed, not one file")
    return located.folder


def model(
    kind: Any, folder: Path, located: Located, device: Device, dtype: torch.dtype, spare: tuple[str, ...] = ()
) -> Any:
    """A model of the class ``kind``, every weight of it from the files, on its device. Raises ``WeightsUnusable``.

    ``spare`` are the names of what may be missing. Any: the libraries are untyped.
    """
    found = files.find(folder, located.variant, located.pickle)
    with complaints(folder, device):
        loaded, report = kind.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=found.safe,
            variant=found.variant,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # They are reported, and refused below.
            dtype=dtype,
        )
    # Left alone, the libraries fill what is missing with random numbers.
    missing = [name for name in report["missing_keys"] if name not in spare]
    wrong = sorted(map(str, [*missing, *report["mismatched_keys"]]))
    if wrong:
        raise WeightsUnusable(f"{folder}: {len(wrong)} weights are missing or of another size, {wrong[0]} first")
    return device.place(loaded, dtype)


def reader(kind: Any, folder: Path, names: tuple[str, ...], device: Device, **options: Any) -> Any:
    """A tokenizer or an image processor of the class ``kind``. Raises ``WeightsUnusable``.

    ``options`` are the class's own. Without one of the files ``names`` transformers would make up a tokenizer that
    knows no words.
    """
    if not any((folder / name).is_file() for name in names):
        raise WeightsUnusable(f"{folder} has no {' and no '.join(names)}")
    with complaints(folder, device):
        return kind.from_pretrained(folder, local_files_only=True, **options)


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
