"""Setups and orders for tests that load engines without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.catalog import CARDS
from engines.loading.device import Device
from engines.loading.keeper import Keeper
from engines.loading.model import Model, Order, Watch
from engines.types import GenerationRequest, Pixels, Prompt, Task
from engines.weights.setup import EngineSetup, Kind, Located, Source

PLENTY = 1 << 40
CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-5")
SAFETENSORS = "diffusion_pytorch_model.safetensors"


def keeper(budget: int = PLENTY) -> Keeper:
    """A keeper on the CPU."""
    return Keeper(Device.choose("cpu"), budget)


def setup(engine_id: str, kind: Kind = Kind.DIFFUSION, dtype: str = "float32", **more: Any) -> EngineSetup:
    """A setup whose source says nothing, since tests say themselves where the weights are."""
    return EngineSetup(engine_id, kind, Source(path=Path()), dtype=dtype, **more)


def lend(keeper: Keeper, folder: Path, engine_id: str = "an-engine", **more: Any) -> Any:
    """The engine whose weights lie in this folder. Any: tests look inside."""
    return keeper.lend(setup(engine_id, **more), Located(folder=folder), None)


def draw(model: Model, seed: int = 7) -> Pixels:
    """A small picture."""
    request = GenerationRequest(
        Task.TEXT_TO_IMAGE, CARD.id, width=128, height=128, seed=seed, prompts=(Prompt("a fox"),), steps=10
    )
    return model.draw(Order(CARD, request, seed, Watch(lambda: False, lambda done, total: None)))


def parts(model: Any) -> Any:
    """The components inside a diffusion engine, which no caller sees."""
    return model._parts


def weigh(folder: Path) -> int:
    """Bytes of a tiny model's weights in float32, about."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
