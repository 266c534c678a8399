"""How long answers are held back."""

from __future__ import annotations

import random
import statistics
from typing import Any

import pytest

from app.errors import BadField
from app.worlds.latency import MOST, Fixed, Latency, Lognormal, Real, Work, parse

DICE = random.Random(1)


def test_fixed_is_always_the_same() -> None:
    """So many seconds, whatever is asked for."""
    assert Fixed(2.5).seconds(Work(50, 262_144), DICE) == Fixed(2.5).seconds(Work(), DICE) == 2.5


def test_lognormal_lies_around_its_median() -> None:
    """Half of the answers come sooner, and hardly any at once."""
    dice = random.Random(7)
    drawn = [Lognormal(2.0, 0.5).seconds(Work(), dice) for _ in range(2000)]
    assert statistics.median(drawn) == pytest.approx(2.0, rel=0.05)
    assert min(drawn) > 0.2


def test_lognormal_without_spread_is_its_median() -> None:
    """Sigma 0 is a fixed latency."""
    assert Lognormal(2.0, 0.0).seconds(Work(), DICE) == 2.0


@pytest.mark.parametrize(
    ("work", "seconds"),
    [
        (Work(), 0.1),
        (Work(30, 512 * 512), 1.386),
        (Work(30, 1024 * 1024), 3.746),
        (Work(60, 1024 * 1024), 6.891),
        (Work(30, 1024 * 1024, 2), 6.891),
        (Work(0, 2048 * 2048), 1.019),
    ],
)
def test_real_grows_with_steps_and_pixels(work: Work, seconds: float) -> None:
    """As the real service does: answers without pictures come at once, large pictures late."""
    assert Real().seconds(work, DICE) == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize("latency", [Fixed(1e9), Lognormal(600.0, 10.0), Real()])
def test_nothing_takes_longer_than_ten_minutes(latency: Latency) -> None:
    """However long a latency was meant to be, it ends."""
    dice = random.Random(3)
    drawn = [latency.seconds(Work(150, 10**9, 10), dice) for _ in range(50)]
    assert max(drawn) == MOST == 600.0


@pytest.mark.parametrize("latency", [Fixed(1.5), Lognormal(2.0, 0.5, 7), Real()])
def test_what_is_written_is_read_back(latency: Latency) -> None:
    """The control API shows a latency as it takes it."""
    assert parse(latency.plain()) == latency


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({}, "latency.kind", "enum"),
        ({"kind": "slow"}, "latency.kind", "enum"),
        ({"kind": "fixed"}, "latency.seconds", "required"),
        ({"kind": "fixed", "seconds": "1"}, "latency.seconds", "type"),
        ({"kind": "fixed", "seconds": True}, "latency.seconds", "type"),
        ({"kind": "fixed", "seconds": -0.1}, "latency.seconds", "minimum"),
        ({"kind": "fixed", "seconds": float("nan")}, "latency.seconds", "minimum"),
        ({"kind": "fixed", "seconds": 601}, "latency.seconds", "maximum"),
        ({"kind": "lognormal", "median": 1}, "latency.sigma", "required"),
        ({"kind": "lognormal", "median": 1, "sigma": 11}, "latency.sigma", "maximum"),
        ({"kind": "lognormal", "median": 1, "sigma": 1, "seed": 1.5}, "latency.seed", "type"),
    ],
)
def test_a_wrong_latency_is_refused_by_its_field(fields: dict[str, Any], field: str, rule: str) -> None:
    """Whoever writes one wrong learns which field is wrong and how."""
    with pytest.raises(BadField) as refused:
        parse(fields)
    assert (refused.value.field, refused.value.rule) == (field, rule)
