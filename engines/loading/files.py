"""Weights on the disk, read without loading them: which files they are, how large, and whether two are the same."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from engines.loading.model import WeightsUnusable
from engines.weights import layout

SAFE = ".safetensors"
_WEIGHTS = {suffix for suffix, _ in layout.STEMS}
_BLOB = re.compile(r"[0-9a-f]{64}")
_WRAPPERS = ("state_dict", "params_ema", "params")
"""What pickles wrap their weights in."""
_NOT_A_PICKLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    AttributeError,
    TypeError,
)
"""What torch raises for files that are broken, of another format, or that ask for more than tensors."""


@dataclass(frozen=True, slots=True)
class WeightFiles:
    """The files that hold the weights of one component, and the variant in their names, if any."""

    paths: tuple[Path, ...]
    variant: str | None = None

    @property
    def safe(self) -> bool:
        """Whether they are safetensors; libraries that must find that out themselves log it as an error."""
        return self.paths[0].suffix == SAFE


def find(folder: Path, variant: str | None, pickle: bool) -> WeightFiles:
    """The weights in a component's folder: of the wanted variant, or else plain. Raises ``WeightsUnusable``."""
    names = frozenset(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else frozenset()
    found = layout.single(names, variant, pickle)
    if found.missing:
        raise WeightsUnusable(f"{folder} lacks {', '.join(found.missing)}")
    paths = tuple(folder / name for name in found.files if Path(name).suffix in _WEIGHTS)
    return WeightFiles(paths, found.variant)


def weights_in(folder: Path, pickle: bool) -> list[Path]:
    """Everything in a folder that may be an upscaler, whatever its name."""
    suffixes = {SAFE, ".pth"} if pickle else {SAFE}
    return sorted(path for path in folder.glob("*") if path.suffix in suffixes)


def settings(path: Path) -> Mapping[str, Any]:
    """A JSON object from a file. Raises ``WeightsUnusable``."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsUnusable(f"{path} is missing") from error
    except (OSError, ValueError) as error:
        raise WeightsUnusable(f"{path} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise WeightsUnusable(f"{path} does not hold an object")
    return read


def array(path: Path) -> list[Mapping[str, Any]]:
    """A JSON array of objects from a file. Raises ``WeightsUnusable``."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsUnusable(f"{path} cannot be read: {error}") from error
    if not isinstance(read, list) or not all(isinstance(entry, dict) for entry in read):
        raise WeightsUnusable(f"{path} does not hold an array of objects")
    return read


def size(path: Path, dtype: torch.dtype, prefixes: tuple[str, ...] = ("",)) -> int:
    """Bytes that the weights will take in this precision; only those whose names begin with one of ``prefixes``.

    Whole numbers (positions) count like the others, which is negligible. Raises ``WeightsUnusable`` for a file
    that is cut off or of another format.
    """
    shapes = _in_safetensors(path) if path.suffix == SAFE else _in_pickle(path)
    return sum(math.prod(shape) for name, shape in shapes.items() if name.startswith(prefixes)) * dtype.itemsize


def _in_safetensors(path: Path) -> dict[str, Sequence[int]]:
    try:
        with safe_open(path, framework="pt") as opened:
            return {name: opened.get_slice(name).get_shape() for name in opened.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise WeightsUnusable(f"{path} is broken: {error}") from error


def _in_pickle(path: Path) -> dict[str, Sequence[int]]:
    """The shapes without the numbers, which stay in the file. Optimizers and copies around the weights do not count."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # It warns of unusual pickles, and then reads or refuses them.
            content = torch.load(path, map_location="meta", weights_only=True)
    except _NOT_A_PICKLE as error:
        raise WeightsUnusable(f"{path} is broken, or holds other things than weights, which are not read") from error
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    items = content.items() if isinstance(content, Mapping) else ()
    return {str(name): weight.shape for name, weight in items if isinstance(weight, torch.Tensor)}


class Fingerprints:
    """The content of files as SHA-256; a file is read only once as long as it stays as it is."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], str] = {}

    def of(self, path: Path) -> str:
        """64 hexadecimal digits. The Hub's cache names its large files by just that, so they need not be read."""
        real = path.resolve()
        if real != path and _BLOB.fullmatch(real.name):
            return real.name
        facts = real.stat()
        key = (str(real), facts.st_size, facts.st_mtime_ns)
        if key not in self._known:
            with real.open("rb") as file:
                self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._known[key]


def digest(config: Mapping[str, Any]) -> str:
    """What a configuration says, without the notes of the library version and the path it was saved with."""
    told = {key: value for key, value in config.items() if not key.startswith("_") and key not in _NOTES}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


_NOTES = {"transformers_version", "torch_dtype", "dtype", "architectures"}
