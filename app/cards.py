"""The engines' cards as the settings want them."""

from __future__ import annotations

import dataclasses

from app.settings import BadSetting, Settings
from engines.catalog import CARDS
from engines.types import EngineCard


def cards_for(settings: Settings) -> tuple[EngineCard, ...]:
    """Every card, with the steps that are taken when a request names none. Raises ``BadSetting``."""
    steps = dict(settings.default_steps)
    unknown = steps.keys() - {card.id for card in CARDS} - {"*"}
    if unknown:
        raise BadSetting(f"UNDERSTUDY_DEFAULT_STEPS: there is no engine {', '.join(sorted(unknown))}")
    return tuple(_with_steps(card, steps.get(card.id, steps.get("*"))) for card in CARDS)


def _with_steps(card: EngineCard, default: int | None) -> EngineCard:
    if default is None:
        return card
    return dataclasses.replace(card, steps=dataclasses.replace(card.steps, default=default))
