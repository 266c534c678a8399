"""Whatever is sent, our compiled operations take and refuse what stock Connexion does, for the same reason.

Every request goes to both, and status, kind of refusal, field and rule, or else the value that a handler is given,
have to be the same. Where they differ on purpose, a rule says so (``rules``, ``form_rules``, ``rewordings``).
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.parity.comparing import Sides, Tally
from tests.parity.contracts import DOCUMENTS, OPERATIONS, asked_for
from tests.parity.generated import Generated
from tests.parity.spelled import usual
from tests.parity.verdict import Kind

FEW = 20
"""Fewer requests than any operation is asked."""


def test_requests_spelled_out_from_the_contracts_are_judged_alike(tallies: dict[str, Tally]) -> None:
    """Each field at, below and above each bound, of every type, absent and null; keys, paths, methods, media types."""
    assert tallies["spelled out"].unexplained == []


@pytest.mark.parametrize("contract", DOCUMENTS)
def test_generated_requests_are_judged_alike(contract: str, tallies: dict[str, Tally]) -> None:
    """What Schemathesis makes of a contract, valid and invalid, is taken by both or refused by both."""
    assert tallies[f"generated of {contract}"].unexplained == []


def test_every_operation_is_asked_and_takes_something(tallies: dict[str, Tally], sides: Sides) -> None:
    """No operation agrees only because it was never asked, or because it refuses everything."""
    asked = tallies["spelled out"].requests
    usual_ones = sides.compare(map(usual, OPERATIONS))

    assert all(asked[str(operation)] > FEW for operation in OPERATIONS), asked
    assert usual_ones.verdicts == {Kind.TAKEN: len(OPERATIONS)}
    assert usual_ones.unexplained == []


@pytest.mark.parametrize("contract", DOCUMENTS)
def test_a_form_says_what_was_meant(contract: str, cases: Callable[[str], tuple[Generated, ...]], sides: Sides) -> None:
    """A valid value that is sent as a form, the way clients do, arrives as the same value."""
    forms = [case for case in cases(contract) if case.valid and case.in_brackets]

    changed = [case for case in forms if case.in_brackets and sides.given(case.in_brackets) != case.value]

    assert changed == []
    assert bool(forms) == any("multipart/form-data" in one.content for one in OPERATIONS if one.contract == contract)


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        pytest.param({"maximum": 60}, b"70", id="a bound"),
        pytest.param({"type": "number"}, b"12.5", id="a type"),
        pytest.param({"enum": [30, 50]}, b"12", id="a choice"),
    ],
)
def test_a_difference_is_found(change: dict[str, Any], steps: bytes, runner: asyncio.Runner) -> None:
    """Stock is given a contract that differs in one word: the comparison says so."""
    documents = copy.deepcopy(DOCUMENTS)
    documents["v1"]["components"]["schemas"]["Steps"].update(change)
    operation = next(one for one in OPERATIONS if str(one) == "v1 textToImage")
    base = usual(operation)
    sent = base.with_body(base.body[:-1] + b', "steps": ' + steps + b"}", "application/json")
    assert asked_for(sent) == operation

    assert Sides(runner).compare([sent]).unexplained == []
    assert len(Sides(runner, documents).compare([sent]).unexplained) == 1
