"""The registry: every engine does every task it offers and refuses the rest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.errors import (
    PixelsOutOfRange,
    SamplerRefused,
    SizeNotListed,
    StepsOutOfRange,
    TaskNotOffered,
    UnknownEngine,
)
from engines.registry import Registry
from engines.types import EngineCard, GenerationRequest, Picture, Pixels, Prompt, Sampler, Task

Order = Callable[..., GenerationRequest]
Fitting = Callable[[EngineCard, Task], GenerationRequest]

_OFFERED = [pytest.param(card, task, id=f"{card.id}-{task}") for card in CARDS for task in sorted(card.tasks)]
_NOT_OFFERED = [
    pytest.param(card, task, id=f"{card.id}-{task}") for card in CARDS for task in Task if task not in card.tasks
]


class ClosingFamily:
    """A family that only counts how often it is closed."""

    name = "closing"

    def __init__(self) -> None:
        self.closed = 0

    def offers(self, card: EngineCard) -> bool:
        return True

    def submit(self, card: EngineCard, request: GenerationRequest) -> Future[tuple[Picture, ...]]:
        """Never answers."""
        return Future()

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.mark.parametrize(("card", "task"), _OFFERED)
def test_every_engine_does_every_task_it_offers(
    registry: Registry, fitting: Fitting, card: EngineCard, task: Task
) -> None:
    """A fitting request gives one RGB picture of exactly the requested size, with its seed."""
    request = fitting(card, task)
    (picture,) = registry.submit(request).result()
    assert picture.pixels.shape == (request.height, request.width, 3)
    assert picture.pixels.dtype == np.uint8
    assert picture.seed == request.seed


@pytest.mark.parametrize(("card", "task"), _NOT_OFFERED)
def test_every_engine_refuses_what_it_does_not_offer(
    registry: Registry, order: Order, card: EngineCard, task: Task
) -> None:
    """The refusal names the engine and the task."""
    with pytest.raises(TaskNotOffered) as refused:
        registry.submit(order(task=task, engine_id=card.id))
    assert (refused.value.engine_id, refused.value.task) == (card.id, task)


def test_an_unknown_engine_is_refused_by_its_id(registry: Registry, order: Order) -> None:
    """Asking for an engine that does not exist names the id that was asked for."""
    with pytest.raises(UnknownEngine) as refused:
        registry.check(order(engine_id="some-fake-engine"))
    assert refused.value.engine_id == "some-fake-engine"


def test_cards_come_in_the_order_they_were_given(registry: Registry) -> None:
    """The list of engines is the catalog."""
    assert registry.cards() == CARDS
    assert registry.card("esrgan-v1-x2plus") is CARDS[0]


@pytest.mark.parametrize("steps", [9, 151])
def test_steps_beyond_the_bounds_are_refused(registry: Registry, order: Order, steps: int) -> None:
    """The refusal carries the bounds and what was asked for."""
    with pytest.raises(StepsOutOfRange) as refused:
        registry.check(order(steps=steps))
    assert (refused.value.minimum, refused.value.maximum, refused.value.steps) == (10, 150, steps)


def test_a_plain_upscaler_does_not_look_at_steps(
    registry: Registry, order: Order, photo: Callable[[int, int], Pixels]
) -> None:
    """ESRGAN has no steps, so no number of them is wrong."""
    request = order(task=Task.UPSCALE, engine_id="esrgan-v1-x2plus", init=photo(256, 256), steps=1)
    assert registry.check(request).id == "esrgan-v1-x2plus"


@pytest.mark.parametrize(
    ("engine_id", "width", "height"),
    [("esrgan-v1-x2plus", 1025, 1024), ("stable-diffusion-x4-latent-upscaler", 769, 512)],
)
def test_an_upscaler_refuses_inputs_that_are_too_large(
    registry: Registry, order: Order, photo: Callable[[int, int], Pixels], engine_id: str, width: int, height: int
) -> None:
    """The input has a limit of its own, and the refusal gives the size of the input."""
    with pytest.raises(PixelsOutOfRange) as refused:
        registry.check(order(task=Task.UPSCALE, engine_id=engine_id, init=photo(width, height)))
    assert (refused.value.width, refused.value.height) == (width, height)


def test_an_init_picture_must_have_a_size_the_engine_works_in(
    registry: Registry, order: Order, photo: Callable[[int, int], Pixels]
) -> None:
    """Init pictures are never resized: SDXL takes one of its nine sizes or nothing."""
    request = order(task=Task.IMAGE_TO_IMAGE, engine_id="stable-diffusion-xl-1024-v1-0", init=photo(512, 512))
    with pytest.raises(SizeNotListed):
        registry.check(request)


def test_fast_guidance_needs_an_ancestral_sampler(registry: Registry, order: Order) -> None:
    """FAST presets with any other sampler are refused; with an ancestral one or with none they are fine."""
    with pytest.raises(SamplerRefused) as refused:
        registry.check(order(guidance="FAST_BLUE", sampler=Sampler.K_EULER))
    assert refused.value.sampler == "K_EULER"
    registry.check(order(guidance="FAST_BLUE", sampler=Sampler.K_EULER_ANCESTRAL))
    registry.check(order(guidance="FAST_GREEN"))
    registry.check(order(guidance="SLOW", sampler=Sampler.K_EULER))


def test_sdxl_ignores_guidance(registry: Registry, order: Order) -> None:
    """SDXL takes FAST presets with any sampler and draws the same picture as without."""
    plain = order(engine_id="stable-diffusion-xl-1024-v1-0", width=1024, height=1024, sampler=Sampler.K_EULER)
    guided = order(engine_id=plain.engine_id, width=1024, height=1024, sampler=Sampler.K_EULER, guidance="FAST_BLUE")
    first, second = (registry.submit(request).result()[0].pixels for request in (plain, guided))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    "changes",
    [
        {"task": Task.IMAGE_TO_IMAGE},
        {"task": Task.IMAGE_TO_IMAGE, "init": np.zeros((512, 448, 3), np.uint8)},
        {"task": Task.IMAGE_TO_IMAGE, "init": np.zeros((512, 512), np.uint8)},
        {"task": Task.MASKING, "init": np.zeros((512, 512, 3), np.uint8)},
        {
            "task": Task.MASKING,
            "init": np.zeros((512, 512, 3), np.uint8),
            "mask": np.zeros((512, 448), np.uint8),
        },
    ],
)
def test_arrays_that_do_not_fit_together_are_the_callers_mistake(
    registry: Registry, order: Order, changes: dict[str, object]
) -> None:
    """Missing or mismatched arrays are no refusal but a ValueError: the counter should have seen to them."""
    with pytest.raises(ValueError, match=r"needs|large"):
        registry.check(order(**changes))


def test_a_card_without_a_family_stops_the_registry() -> None:
    """A registry that could not run one of its cards is not built."""
    with pytest.raises(ValueError, match="no family runs esrgan"):
        Registry({}, CARDS[:1])


def test_a_family_of_several_cards_is_closed_once(order: Order) -> None:
    """Closing the registry closes each family once."""
    family = ClosingFamily()
    registry = Registry({card.id: family for card in CARDS}, CARDS)
    registry.close()
    assert family.closed == 1


def test_prompts_of_any_characters_are_drawn(registry: Registry, order: Order) -> None:
    """Lone surrogates, control characters, other scripts and very long texts give a picture, not an error."""
    for text in ("\ud800 broken", "\x00\x1b[31m", "日本語 🎨 café", "a " * 20_000):
        (picture,) = registry.submit(order(prompts=(Prompt(text),))).result()
        assert picture.pixels.shape == (512, 512, 3)
