"""The intended differences between stock Connexion and us: each is there, says why, and is still needed."""

from __future__ import annotations

import re

import pytest

from tests.parity.comparing import Tally
from tests.parity.form_rules import FORM_RULES
from tests.parity.pair import Rewording, Rule
from tests.parity.rewordings import REWORDINGS
from tests.parity.rules import RULES
from tests.running import ROOT

ALL: tuple[Rule | Rewording, ...] = (*REWORDINGS, *RULES, *FORM_RULES)
ROW = re.compile(r"\b(?:[BD]|AI|SC|SE|ST)\d\d\b")

every_rule = pytest.mark.parametrize("rule", ALL, ids=[rule.name for rule in ALL])


@every_rule
def test_every_rule_is_needed(rule: Rule | Rewording, tallies: dict[str, Tally]) -> None:
    """A rule that explains no difference allows something that does not happen, and has to go."""
    assert tallies["spelled out"].rules[rule.name] > 0


@every_rule
def test_every_rule_rests_on_something(rule: Rule | Rewording) -> None:
    """It names a row of the ledger that there is, a standard, or the place in the library's code."""
    ledger = (ROOT / "spec" / "README.md").read_text()

    assert all(f"\n| {row} |" in ledger for row in ROW.findall(rule.known))
    assert ROW.search(rule.known) or re.search(r"RFC \d+|stock: \w+|Starlette: \w+", rule.known)


def test_no_two_rules_have_one_name() -> None:
    """Counts by rule mean one rule each."""
    assert len({rule.name for rule in ALL}) == len(ALL)
