"""Reading an upscaler's file into a flat state dict."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engines.loading.model import WeightsUnusable
from engines.weights.setup import Located

_SAFE = ".safetensors"
_WRAPPERS = ("params_ema", "params")
"""What the published files wrap their weights in; the running average is the one that is meant to be used."""


def read(located: Located) -> dict[str, Tensor]:
    """The weights by name, on the CPU, out of the wrappers that they are published in.

    Raises ``WeightsUnusable`` for a file that is broken, or that is not safetensors and not allowed to be.
    """
    path = _file(located)
    if path.suffix == _SAFE:
        content: Any = _read_safe(path)
    elif located.pickle:
        content = _read_pickle(path)
    else:
        raise WeightsUnusable(f"{path.name} is no safetensors file, and nobody has allowed pickle for it")
    state = _unwrapped(content)
    if not state or not all(isinstance(weight, Tensor) for weight in state.values()):
        raise WeightsUnusable(f"{path.name} holds no weights by name")
    return state


def _file(located: Located) -> Path:
    if located.file is not None:
        return located.file
    folder = located.folder or Path()
    found = sorted(folder.glob(f"*{_SAFE}")) or (sorted(folder.glob("*.pth")) if located.pickle else [])
    if len(found) != 1:
        raise WeightsUnusable(f"{folder} holds {len(found)} files of weights; name the one to use")
    return found[0]


def _read_safe(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsUnusable(f"{path.name} cannot be read: {error}") from error


def _read_pickle(path: Path) -> Any:
    """What ``torch.load`` makes of the file; RuntimeError is how it reports a broken archive."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise WeightsUnusable(f"{path.name} cannot be read: {error}") from error


def _unwrapped(content: Any) -> dict[str, Any]:
    """The innermost mapping; a wrapper is an entry of its own, or a prefix of every name."""
    if not isinstance(content, Mapping):
        return {}
    for wrapper in _WRAPPERS:
        if isinstance(content.get(wrapper), Mapping):
            return dict(content[wrapper])
        if content and all(str(name).startswith(f"{wrapper}.") for name in content):
            return {str(name).removeprefix(f"{wrapper}."): weight for name, weight in content.items()}
    return dict(content)
