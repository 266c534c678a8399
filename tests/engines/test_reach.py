"""How far a prompt is read: to its 75th word, and no further."""

from __future__ import annotations

import numpy as np
import pytest

from engines.types import Prompt
from tests.engines.conftest import Draw, Order

FILLER = ("harbour", "morning", "quiet", "stones", "window")
LAST = 75


def text(words: int, last: str = "") -> str:
    """So many words, the last of them a given one."""
    filled = [FILLER[number % len(FILLER)] for number in range(words)]
    return " ".join([*filled[:-1], last] if last else filled)


@pytest.mark.parametrize("ahead", [(), (Prompt("a lighthouse"),)], ids=["only prompt", "second prompt"])
def test_word_75_counts(order: Order, draw: Draw, ahead: tuple[Prompt, ...]) -> None:
    """Another word in the last place that is read gives another picture."""
    one, other = (draw(order(prompts=(*ahead, Prompt(text(LAST, last))))) for last in ("volcano", "forest"))

    assert (one != other).any()


@pytest.mark.parametrize("ahead", [(), (Prompt("a lighthouse"),)], ids=["only prompt", "second prompt"])
@pytest.mark.parametrize("tail", ["volcano", "forest", "!", "volcano, 8k, sharp focus"])
def test_word_76_has_no_effect(order: Order, draw: Draw, ahead: tuple[Prompt, ...], tail: str) -> None:
    """Whatever stands behind the last place that is read, the picture is the same as without it."""
    short, long = (draw(order(prompts=(*ahead, Prompt(words)))) for words in (text(LAST), f"{text(LAST)} {tail}"))

    assert np.array_equal(short, long)


def test_signs_count_like_words(order: Order, draw: Draw) -> None:
    """Seventy-four commas leave room for one word; with one comma more there is none."""
    last, too_late, without = (
        draw(order(prompts=(Prompt(words),)))
        for words in (", " * (LAST - 1) + "volcano", ", " * LAST + "volcano", (", " * LAST).rstrip())
    )

    assert (last != without).any()
    assert np.array_equal(too_late, without)
