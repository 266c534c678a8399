"""How each kind of engine is put together: the components it wants, and what is made of them once they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engines.diffusion import guidance, safety
from engines.diffusion.model import Diffusion
from engines.loading import checkpoints, files
from engines.loading.components import Components
from engines.loading.model import Model, WeightsUnusable
from engines.loading.shelf import Want
from engines.upscale import esrgan
from engines.upscale.latent import LatentUpscaler
from engines.weights.setup import AUTO, EngineSetup, Kind, Located

_GUIDANCE = "guidance"
_NETWORK = "network"
_CHECKER = "checker"


@dataclass(frozen=True, slots=True)
class Kit:
    """Components, and what makes an engine or a checker of them, given by name. Any: of what class, the maker knows."""

    wants: tuple[Want, ...]
    make: Callable[[Mapping[str, Any]], Any]

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all components."""
        return frozenset(want.key for want in self.wants)

    @property
    def size(self) -> int:
        """Bytes of all components, each counted once."""
        return sum({want.key: want.size for want in self.wants}.values())


def engine(setup: EngineSetup, located: Located, guide: Located | None, components: Components) -> Kit:
    """What the engine of this setup takes. Raises ``WeightsUnusable``; nothing is loaded yet."""
    dtype = components.device.dtype(setup.dtype)
    if setup.kind is Kind.ESRGAN:
        return _upscaler(setup, located, components, dtype)
    checkpoint = checkpoints.understand(setup, located, components, dtype)
    guides = (_guide(guide, components, dtype),) if guide and setup.kind is Kind.DIFFUSION else ()

    def make(loaded: Mapping[str, Any]) -> Model:
        parts = checkpoint.parts(loaded, components.device)
        if setup.kind is Kind.LATENT_UPSCALER:
            return LatentUpscaler(parts, setup)
        return Diffusion(parts, setup, loaded.get(_GUIDANCE))

    return Kit((*checkpoint.wants, *guides), make)


def checker(located: Located, components: Components) -> Kit:
    """What the checker of finished pictures takes. A CPU keeps it exact: its thresholds are finer than bfloat16."""
    on_cpu = components.device.torch.type == "cpu"
    dtype = torch.float32 if on_cpu else components.device.dtype(AUTO)
    folder = located.folder or Path()
    place = folder / "safety_checker" if (folder / "safety_checker").is_dir() else folder
    want = _whole(_CHECKER, place, located, components, dtype, lambda: safety.load(located, components.device, dtype))
    return Kit((want,), lambda loaded: loaded[_CHECKER])


def _guide(located: Located, components: Components, dtype: torch.dtype) -> Want:
    return _whole(
        _GUIDANCE,
        located.folder or Path(),
        located,
        components,
        dtype,
        lambda: guidance.load(located, components.device, dtype),
    )


def _whole(
    name: str, folder: Path, located: Located, components: Components, dtype: torch.dtype, load: Callable[[], Any]
) -> Want:
    """A model of transformers in a folder of its own, with its tokenizer or processor, as one component."""
    found = files.find(folder, located.variant, located.pickle)
    config = files.digest(files.settings(folder / "config.json"))
    size = sum(files.size(path, dtype) for path in found.paths)
    return Want(name, components.key(name, found.paths, dtype, config), size, load)


def _upscaler(setup: EngineSetup, located: Located, components: Components, dtype: torch.dtype) -> Kit:
    """One network in one file, which reads its own architecture from its weights."""
    paths = (located.file,) if located.file else tuple(files.weights_in(located.folder or Path(), located.pickle))
    if not paths:
        raise WeightsUnusable(f"{located.folder} holds no weights")
    want = Want(
        _NETWORK,
        components.key(_NETWORK, paths, dtype, setup.tile, setup.compile),
        sum(files.size(path, dtype) for path in paths),
        lambda: esrgan.load(located, components.device.torch, dtype, setup),
    )
    return Kit((want,), lambda loaded: loaded[_NETWORK])
