"""Stablecog: which models there are where not every engine is."""

from __future__ import annotations

from typing import cast

import pytest

from app.dialects.stablecog.models import MODELS, Models
from app.dialects.stablecog.refusals import UnknownModel
from app.studio import Studio
from engines.catalog import CARDS
from engines.errors import EngineNotReady
from engines.types import EngineCard

OWN = {model.id: model.engine_id for model in MODELS}
KANDINSKY, SD15 = MODELS[0].id, MODELS[1].id


class Some:
    """A studio that has the weights of some engines."""

    def __init__(self, *engines: str) -> None:
        self._engines = engines

    def cards(self) -> tuple[EngineCard, ...]:
        """Those that are there."""
        return tuple(card for card in CARDS if card.id in self._engines)

    def card(self, engine_id: str) -> EngineCard:
        """One of them."""
        for card in self.cards():
            if card.id == engine_id:
                return card
        raise EngineNotReady(engine_id)


def models(*engines: str) -> Models:
    """The models of a server with these engines."""
    return Models(cast("Studio", Some(*engines)), OWN)


def test_only_what_can_be_drawn_is_listed() -> None:
    """The models of the engines that are there, then these engines, upscalers left out."""
    offered = models("stable-diffusion-v1-6", "sd3-medium", "esrgan-v1-x2plus").offered()

    names = [model.name for model in offered]
    assert names == ["Luna Diffusion", "Stable Diffusion 3", "Stable Diffusion v1.6", "Stable Diffusion 3 Medium"]


@pytest.mark.parametrize(
    ("engines", "default"),
    [
        (("stable-diffusion-v1-5", "stable-diffusion-768-v2-1"), KANDINSKY),
        (("stable-diffusion-v1-5", "sd3-medium"), SD15),
        (("stable-diffusion-512-v2-0",), KANDINSKY),
        ((), KANDINSKY),
    ],
)
def test_the_default_is_the_first_that_is_there(engines: tuple[str, ...], default: str) -> None:
    """Where none of the service's models is, the first is named, and refused when it is used."""
    assert models(*engines).default().id == default


def test_a_model_whose_weights_are_missing_is_refused() -> None:
    """As one that does not exist is, whether it is named by its id or by that of its engine."""
    there = models("sd3-medium")

    for wanted in (KANDINSKY, "stable-diffusion-v1-6", "nothing"):
        with pytest.raises(UnknownModel):
            there.sold(there.find(wanted))


def test_an_engine_is_sold_in_the_sizes_of_the_service() -> None:
    """One credit, sides of 256 to 1024 in eights, ten to fifty steps; everything else is the engine's own."""
    there = models("sd3-large-turbo")
    (own,) = (card for card in CARDS if card.id == "sd3-large-turbo")

    sold = there.sold(there.find("sd3-large-turbo"))

    assert sold.price.per_picture(1024, 1024, 10) == 1_000_000
    assert (sold.steps.default, sold.steps.minimum, sold.steps.maximum) == (30, 10, 50)
    sold.sizes.check(256, 1024)
    assert (sold.id, sold.tasks, sold.cfg_scale) == (own.id, own.tasks, own.cfg_scale)
