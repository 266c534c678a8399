"""The engines' cards as the settings want them, and the workshop file that says which engines there are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from app.settings import BadSetting, Settings
from engines.catalog import CARDS
from engines.types import EngineCard, Steps

if TYPE_CHECKING:
    from engines.weights.setup import EngineSetup, Workshop

DIFFUSERS = "diffusers"
TRANSFORMERS = "transformers"


def workshop_for(settings: Settings) -> Workshop:
    """What ``engines.toml`` says, which only real engines ask. Raises ``BadSetting``."""
    from engines.weights.config import read  # noqa: PLC0415
    from engines.weights.table import BadWorkshop  # noqa: PLC0415

    try:
        return read(settings.engines_file)
    except BadWorkshop as problem:
        raise BadSetting(str(problem)) from problem


def cards_for(settings: Settings) -> tuple[EngineCard, ...]:
    """Every card, with the steps that are taken when a request names none. Raises ``BadSetting``.

    A number of steps for all engines is not for those that are distilled to fewer than others can take.
    The sketch engine stands in for the whole catalogue; real engines are those of the workshop file.
    """
    cards = _cards_of(workshop_for(settings)) if settings.engines == DIFFUSERS else CARDS
    steps = dict(settings.default_steps)
    unknown = steps.keys() - {card.id for card in cards} - {card.id for card in CARDS} - {"*"}
    if unknown:
        raise BadSetting(f"UNDERSTUDY_DEFAULT_STEPS: there is no engine {', '.join(sorted(unknown))}")
    return tuple(_with_steps(card, steps.get(card.id), steps.get("*")) for card in cards)


def _cards_of(workshop: Workshop) -> tuple[EngineCard, ...]:
    by_id = {card.id: card for card in CARDS}
    return tuple(_card(setup, by_id[setup.like or setup.engine_id]) for setup in workshop.engines)


def _card(setup: EngineSetup, card: EngineCard) -> EngineCard:
    """The card of the engine it is or is like, with the owner's words; one of its own is named by its id at least."""
    name = setup.name or (setup.engine_id if setup.like else card.name)
    description = setup.description or (name if setup.like else card.description)
    return dataclasses.replace(card, id=setup.engine_id, name=name, description=description)


def _with_steps(card: EngineCard, own: int | None, common: int | None) -> EngineCard:
    default = own or (common if card.steps.minimum == Steps().minimum else None)
    if default is None:
        return card
    if default < card.steps.minimum:
        raise BadSetting(f"UNDERSTUDY_DEFAULT_STEPS: {card.id} takes no less than {card.steps.minimum} steps")
    return dataclasses.replace(card, steps=dataclasses.replace(card.steps, default=default))
