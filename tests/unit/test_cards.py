"""How many steps an engine takes where a request names none, as the owner sets it."""

from __future__ import annotations

import pytest

from app.cards import cards_for
from app.settings import BadSetting, Settings


def defaults(setting: str) -> dict[str, int]:
    """The default steps of every engine under this setting."""
    cards = cards_for(Settings.from_mapping({"UNDERSTUDY_DEFAULT_STEPS": setting}))
    return {card.id: card.steps.default for card in cards}


def test_a_number_for_all_leaves_the_distilled_engines_alone() -> None:
    """Turbo engines would only become slower."""
    found = defaults("30")

    assert {steps for engine, steps in found.items() if not engine.endswith("-turbo")} == {30}
    assert (found["sd3-large-turbo"], found["sd3.5-large-turbo"]) == (4, 4)


def test_a_distilled_engine_is_set_by_its_name() -> None:
    """Also to fewer steps than others take."""
    assert defaults("30,sd3-large-turbo=8")["sd3-large-turbo"] == 8


def test_fewer_steps_than_the_engine_takes_are_refused() -> None:
    """The server does not start with a default that every request would be refused for."""
    with pytest.raises(BadSetting, match="sd3-medium takes no less than 10 steps"):
        defaults("sd3-medium=4")
