"""Rules: which requests they mean, what they do, how often, and that a run repeats."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import BadField
from app.worlds.latency import Fixed, Lognormal, Real, Work
from app.worlds.outcomes import Outcome
from app.worlds.refusals import Full
from app.worlds.rule import Names
from app.worlds.rules import Asked, Counts, Effect, Match, Rule, Rules, parse

NAMES = Names(("text-to-image", "upscale", "generate-image"), ("v1", "stablecog"))
DRAW = Asked("text-to-image", "v1", "POST", "/v1/generation/e1/text-to-image", "e1", ("A Fox", "snow"))
BALANCE = Asked("balance", "v1beta", "GET", "/v1beta/user/balance")
BROKEN, DENIED = Effect(Outcome.SERVER_ERROR), Effect(Outcome.PERMISSION_DENIED)
SLOW = Effect(latency=Fixed(5.0))


def _outcomes(rules: Rules, times: int, asked: Asked = DRAW) -> list[Outcome | None]:
    return [rules.fire(asked).outcome for _ in range(times)]


@pytest.mark.parametrize(
    ("match", "draw", "balance"),
    [
        (Match(), True, True),
        (Match(operation="text-to-image"), True, False),
        (Match(operation="balance"), False, True),
        (Match(version="v1"), True, False),
        (Match(path="/v1/*"), True, False),
        (Match(path="/v1*/user/balance"), False, True),
        (Match(path="/v1/generation/E1/*"), False, False),
        (Match(engine="e1"), True, False),
        (Match(engine="e"), False, False),
        (Match(prompt="fox"), True, False),
        (Match(prompt="SNOW"), True, False),
        (Match(prompt="wolf"), False, False),
        (Match(operation="text-to-image", engine="e2"), False, False),
    ],
)
def test_a_rule_means_what_all_its_fields_mean(match: Match, draw: bool, balance: bool) -> None:
    """Route, version, engine and prompt narrow a rule down; a field that is not there does not."""
    rules = Rules()
    rules.add(Rule(BROKEN, match, times=None))
    assert [bool(rules.fire(asked).outcome) for asked in (DRAW, BALANCE)] == [draw, balance]


def test_a_rule_is_used_once_unless_it_says_otherwise() -> None:
    """One failure, then everything is as before."""
    rules = Rules()
    rules.add(Rule(BROKEN))
    assert _outcomes(rules, 3) == [Outcome.SERVER_ERROR, None, None]


def test_a_rule_is_used_so_many_times() -> None:
    """Twice, or for ever."""
    twice, ever = Rules(), Rules()
    twice.add(Rule(BROKEN, times=2))
    ever.add(Rule(BROKEN, times=None))
    assert _outcomes(twice, 3) == [Outcome.SERVER_ERROR, Outcome.SERVER_ERROR, None]
    assert _outcomes(ever, 50) == [Outcome.SERVER_ERROR] * 50


def test_the_nth_call_counts_only_what_the_rule_means() -> None:
    """The second drawing fails, however often the balance is asked for in between."""
    rules = Rules()
    rules.add(Rule(BROKEN, Match(operation="text-to-image", call=2)))
    assert [rules.fire(asked).outcome for asked in (BALANCE, DRAW, BALANCE, DRAW, DRAW)] == [
        None,
        None,
        None,
        Outcome.SERVER_ERROR,
        None,
    ]


def test_calls_are_counted_even_if_an_earlier_rule_wins() -> None:
    """The third call is the third call, whoever answered the first two."""
    rules = Rules()
    rules.add(Rule(BROKEN, times=2))
    rules.add(Rule(DENIED, Match(call=3)))
    assert _outcomes(rules, 4) == [Outcome.SERVER_ERROR, Outcome.SERVER_ERROR, Outcome.PERMISSION_DENIED, None]


def test_the_first_rule_wins_and_the_next_waits() -> None:
    """Two failures in a row are two rules; the one that lost is not used up."""
    rules = Rules()
    first, second = rules.add(Rule(BROKEN)), rules.add(Rule(DENIED))
    fired = [rules.fire(DRAW) for _ in range(3)]
    assert [one.outcome for one in fired] == [Outcome.SERVER_ERROR, Outcome.PERMISSION_DENIED, None]
    assert [one.rule_ids for one in fired] == [(first.id,), (second.id,), ()]


def test_a_latency_rule_goes_with_an_outcome_rule() -> None:
    """A slow world may fail as well, and both rules are told."""
    rules = Rules()
    slow, broken = rules.add(Rule(SLOW, times=None)), rules.add(Rule(BROKEN))
    first, second = rules.fire(DRAW), rules.fire(DRAW)
    assert (first.outcome, first.seconds(Work()), first.rule_ids) == (Outcome.SERVER_ERROR, 5.0, (slow.id, broken.id))
    assert (second.outcome, second.seconds(Work()), second.rule_ids) == (None, 5.0, (slow.id,))


def test_an_outcome_brings_its_own_latency() -> None:
    """The latency of the rule that wins counts, never that of a rule whose outcome was not played."""
    rules = Rules()
    rules.add(Rule(Effect(Outcome.TIMEOUT), times=1))
    rules.add(Rule(Effect(Outcome.SERVER_ERROR, Fixed(1.0)), times=1))
    rules.add(Rule(SLOW, times=None))
    fired = [rules.fire(DRAW) for _ in range(3)]
    assert [(one.outcome, one.seconds(Work())) for one in fired] == [
        (Outcome.TIMEOUT, 5.0),
        (Outcome.SERVER_ERROR, 1.0),
        (None, 5.0),
    ]


def test_the_first_latency_counts() -> None:
    """Latencies do not add up."""
    rules = Rules()
    rules.add(Rule(SLOW))
    rules.add(Rule(Effect(latency=Fixed(1.0))))
    assert [rules.fire(DRAW).seconds(Work()) for _ in range(3)] == [5.0, 1.0, 0.0]


def test_probability_is_a_share_and_repeats() -> None:
    """A rule of 0.3 is used on about every third request, and on the same ones in the next run."""
    runs = []
    for _ in range(2):
        rules = Rules()
        rules.add(Rule(BROKEN, times=None, probability=0.3, seed=7))
        runs.append(_outcomes(rules, 1000))
    assert runs[0] == runs[1]
    assert 250 < sum(outcome is not None for outcome in runs[0]) < 350


def test_never_and_always() -> None:
    """Probability 0 is never and 1 always."""
    rules = Rules()
    rules.add(Rule(DENIED, times=None, probability=0.0))
    rules.add(Rule(BROKEN, times=None, probability=1.0))
    assert _outcomes(rules, 200) == [Outcome.SERVER_ERROR] * 200


def test_other_seeds_and_other_rules_are_other_chances() -> None:
    """Two seeds hit different requests, and two rules with one seed do not always agree."""
    first, second, pair = Rules(), Rules(), Rules()
    first.add(Rule(BROKEN, times=None, probability=0.5, seed=1))
    second.add(Rule(BROKEN, times=None, probability=0.5, seed=2))
    pair.add(Rule(BROKEN, times=None, probability=0.5))
    pair.add(Rule(DENIED, times=None, probability=0.5))
    assert _outcomes(first, 100) != _outcomes(second, 100)
    assert Outcome.PERMISSION_DENIED in _outcomes(pair, 100)


def test_a_chance_does_not_depend_on_other_requests() -> None:
    """What else is asked for between the drawings does not change which of them fail."""
    alone, mixed = Rules(), Rules()
    for rules in (alone, mixed):
        rules.add(Rule(BROKEN, Match(operation="text-to-image"), times=None, probability=0.5))
    between = []
    for _ in range(50):
        mixed.fire(BALANCE)
        between += _outcomes(mixed, 1)
    assert between == _outcomes(alone, 50)


def test_drawn_latencies_repeat() -> None:
    """The same seed gives the same delays in the same order, and they differ from each other."""
    runs = []
    for _ in range(2):
        rules = Rules()
        rules.add(Rule(Effect(latency=Lognormal(2.0, 0.5, 7)), times=None))
        runs.append([rules.fire(DRAW).seconds(Work()) for _ in range(20)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 20


def test_rules_are_listed_with_what_they_counted() -> None:
    """In order of creation, used-up ones included, each under an id of its own."""
    rules = Rules()
    first, second = rules.add(Rule(BROKEN, Match(operation="text-to-image"))), rules.add(Rule(SLOW, times=None))
    for asked in (DRAW, DRAW, BALANCE):
        rules.fire(asked)
    assert rules.all() == (first, second)
    assert first.id != second.id
    assert [(one.matched, one.fired) for one in map(rules.counts, (first.id, second.id))] == [(2, 1), (3, 3)]
    assert rules.counts(first.id) == Counts(matched=2, fired=1, place=0)


def test_a_removed_rule_does_nothing() -> None:
    """One can be taken away, once; or all."""
    rules = Rules()
    first = rules.add(Rule(BROKEN, times=None))
    assert [rules.remove(first.id), rules.remove(first.id), rules.remove("rule-99")] == [True, False, False]
    rules.add(Rule(BROKEN, times=None))
    rules.clear()
    assert _outcomes(rules, 2) == [None, None]
    assert rules.all() == ()


def test_an_id_never_comes_back() -> None:
    """What the journal says about an old rule is never taken for a new one."""
    rules = Rules()
    first = rules.add(Rule(BROKEN))
    rules.clear()
    assert rules.add(Rule(BROKEN)).id != first.id


def test_a_world_takes_a_hundred_rules() -> None:
    """One more is refused, unless some are used up and can make room."""
    rules = Rules(100)
    for _ in range(100):
        rules.add(Rule(BROKEN))
    with pytest.raises(Full) as refused:
        rules.add(Rule(DENIED))
    assert (refused.value.what, refused.value.most) == ("rules", 100)
    rules.fire(DRAW)
    rules.add(Rule(DENIED))
    assert len(rules.all()) == 100


def test_what_is_written_is_read_back() -> None:
    """The control API shows a rule as it takes it, with its id."""
    rule = Rule(
        Effect(Outcome.TIMEOUT, Lognormal(1.0, 0.5)), Match("upscale", "/v1/*", "v1", "e", "fox", 3), None, 0.5, 9
    )
    shown = Rules().add(rule).plain()
    assert shown.pop("id") == "rule-1"
    assert parse(shown, NAMES) == rule


@pytest.mark.parametrize("operation", NAMES.operations)
def test_little_is_needed(operation: str) -> None:
    """An effect is enough; all else has defaults: any request, once, for certain."""
    assert parse({"effect": {"outcome": "timeout"}}, NAMES) == Rule(Effect(Outcome.TIMEOUT))
    assert parse({"effect": {"latency": {"kind": "real"}}, "times": None}, NAMES) == Rule(
        Effect(latency=Real()), times=None
    )
    assert parse({"effect": {"outcome": "timeout"}, "match": {"operation": operation}}, NAMES).match == Match(operation)


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({}, "effect", "required"),
        ({"effect": {}}, "effect", "required"),
        ({"effect": []}, "effect", "type"),
        ({"effect": {"outcome": "explosion"}}, "effect.outcome", "enum"),
        ({"effect": {"outcome": 7}}, "effect.outcome", "enum"),
        ({"effect": {"latency": {"kind": "slow"}}}, "latency.kind", "enum"),
        ({"match": 1}, "match", "type"),
        ({"match": {"operation": "draw"}}, "match.operation", "enum"),
        ({"match": {"version": "v2"}}, "match.version", "enum"),
        ({"match": {"engine": 1}}, "match.engine", "type"),
        ({"match": {"call": 0}}, "match.call", "minimum"),
        ({"match": {"call": 1.5}}, "match.call", "type"),
        ({"times": 0}, "times", "minimum"),
        ({"times": True}, "times", "type"),
        ({"probability": 1.1}, "probability", "maximum"),
        ({"probability": -0.1}, "probability", "minimum"),
        ({"probability": float("nan")}, "probability", "minimum"),
        ({"probability": "1"}, "probability", "type"),
        ({"seed": -1}, "seed", "minimum"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_field(fields: dict[str, Any], field: str, rule: str) -> None:
    """Whoever writes one wrong learns which field is wrong and how."""
    with pytest.raises(BadField) as refused:
        parse({"effect": {"outcome": "timeout"}} | fields if fields else {}, NAMES)
    assert (refused.value.field, refused.value.rule) == (field, rule)
