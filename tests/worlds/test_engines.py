"""The engines that a world sees, and those that only magic knows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.worlds.engines import VisibleRegistry
from app.worlds.now import current
from app.worlds.world import World
from engines.catalog import CARDS
from engines.errors import UnknownEngine
from engines.sketch import SketchFamily
from engines.types import GenerationRequest, Prompt, Task

MAGIC = ("understudy-content-filtered", "understudy-truncated-picture", "understudy-wrong-content-length")


@pytest.fixture
def registry() -> Iterator[VisibleRegistry]:
    """The whole catalogue, drawn by the sketch engine."""
    family = SketchFamily(ThreadPoolExecutor(1))
    registry = VisibleRegistry({card.id: family for card in CARDS}, CARDS)
    yield registry
    registry.close()


@pytest.fixture
def inside(world: World) -> Iterator[World]:
    """The world of the request that is being worked on."""
    token = current.set(world)
    yield world
    current.reset(token)


def test_a_world_sees_everything_at_first(registry: VisibleRegistry, inside: World) -> None:
    """As does who is in no world, such as a readiness check; magic engines are not listed."""
    assert inside.engines is None
    assert registry.cards() == CARDS


def test_a_world_sees_only_its_engines(registry: VisibleRegistry, inside: World) -> None:
    """A hidden engine is neither listed nor found, as if it had been retired."""
    inside.engines = frozenset({"esrgan-v1-x2plus", "no-such-engine"})
    assert [card.id for card in registry.cards()] == ["esrgan-v1-x2plus"]
    assert registry.card("esrgan-v1-x2plus").id == "esrgan-v1-x2plus"
    for hidden in ("stable-diffusion-v1-6", "no-such-engine"):
        with pytest.raises(UnknownEngine):
            registry.card(hidden)


def test_a_world_may_see_nothing(registry: VisibleRegistry, inside: World) -> None:
    """An empty list of engines is a list."""
    inside.engines = frozenset()
    assert registry.cards() == ()


@pytest.mark.parametrize("engine_id", MAGIC)
@pytest.mark.parametrize("task", Task)
def test_magic_engines_draw(registry: VisibleRegistry, inside: World, engine_id: str, task: Task) -> None:
    """Where an outcome is played on a picture, its engine id draws one, for every task and whatever is visible."""
    inside.engines = frozenset()
    side = 512 if task is Task.UPSCALE else 256
    given = np.zeros((256, 256, 3), np.uint8) if task is not Task.TEXT_TO_IMAGE else None
    mask = np.zeros((256, 256), np.uint8) if task is Task.MASKING else None
    request = GenerationRequest(task, engine_id, side, side, 7, (Prompt("fox"),), steps=10, init=given, mask=mask)
    (picture,) = registry.submit(request).result(timeout=60)
    assert picture.pixels.shape == (side, side, 3)


@pytest.mark.parametrize("size", [(512, 512), (1024, 1024), (768, 768), (1536, 640), (512, 896)])
def test_magic_engines_take_every_usual_size(registry: VisibleRegistry, size: tuple[int, int]) -> None:
    """A client only changes the engine id, whatever engine it uses otherwise."""
    assert registry.check(GenerationRequest(Task.TEXT_TO_IMAGE, MAGIC[0], *size, 7)).id == MAGIC[0]


def test_other_magic_ids_are_no_engines(registry: VisibleRegistry) -> None:
    """Outcomes that need no picture are played before an engine is looked for."""
    for engine_id in ("understudy-server-error", "understudy-fox", "understudy-"):
        with pytest.raises(UnknownEngine):
            registry.card(engine_id)


def test_a_workshop_that_only_upscales_has_no_magic_engines() -> None:
    """Without an engine that draws there is none to lend."""
    family = SketchFamily(ThreadPoolExecutor(1))
    registry = VisibleRegistry({CARDS[0].id: family}, CARDS[:1])
    with pytest.raises(UnknownEngine):
        registry.card(MAGIC[0])
    registry.close()
