"""Schemathesis on every operation of every contract, with every check it has.

Cases come from three of its phases: the documents' examples, the bounds and enums of their schemas
("coverage"), and random valid and invalid data ("fuzzing"). The fourth, "stateful", follows links from
one operation to the next; these contracts have none, since no operation makes anything that another
could be asked for. No operation and no case is excluded.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from tests.fuzz.furthering import contract_of, further, generations, is_valid_generation
from tests.fuzz.tally import TALLY
from tests.running import ROOT, SERVICES, VERSIONS, Server, base_of

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
SEED = os.environ.get("FUZZ_SEED")
"""Absent, every run of the same tests sends the same cases."""

ENGINE_REFUSES = 400
"""A size, sampler or picture can be right by the schema and yet not suit the engine named in the path."""
CONTRACTS = (*VERSIONS, *SERVICES)
VALID = [200, ENGINE_REFUSES, 403, 404]
"""403: an ``Organization`` the caller is not in; 404: no such engine."""
PICTURES = 0.8
"""At least this share of the valid generations has to end in a picture, or the engines were hardly tested."""


def contract(version: str) -> schemathesis.BaseSchema:
    """A contract with its checks set up and its cases helped along."""
    config = SchemathesisConfig(seed=int(SEED) if SEED else None)
    config.projects.default.checks.positive_data_acceptance.expected_statuses = [str(status) for status in VALID]
    schema = schemathesis.openapi.from_path(str(ROOT / "spec" / f"{version}.yaml"), config=config)
    schema.hook("map_case")(further)
    return schema


@schemathesis.pytest.parametrize(**{version: contract(version) for version in CONTRACTS})
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SEED is None,
    database=None,
    suppress_health_check=list(HealthCheck),  # They measure time, and machines differ.
    phases=(Phase.explicit, Phase.generate),
)
def test_every_answer_keeps_the_contract(case: schemathesis.Case, server: Server) -> None:
    """Whatever is sent, the answer is one that the document describes for it."""
    version = contract_of(case)
    headers = {"Authorization": f"Bearer {server.key}"}
    response = case.call(base_url=f"{server.url}{base_of(version)}", headers=headers)
    status = Counter([response.status_code])
    TALLY.add(f"contract {version}", case.operation.label, 1, status)
    if is_valid_generation(case):
        TALLY.add(f"valid generations of {version}", case.operation.label, 1, status)
    case.validate_response(response, headers=headers)


@pytest.mark.parametrize("version", [version for version in CONTRACTS if generations(version)])
def test_most_valid_generations_ended_in_a_picture(version: str) -> None:
    """The contract tests above reached the engines, and were not turned away before: four in five saw 200."""
    statuses = TALLY.statuses(f"valid generations of {version}")

    assert TALLY.operations(f"valid generations of {version}") == generations(version), NOT_ALONE
    assert statuses[200] / statuses.total() >= PICTURES, statuses


def test_no_operation_broke_down() -> None:
    """Not one of all the requests above was answered with a 5xx."""
    assert {f"contract {version}" for version in CONTRACTS} <= set(TALLY.answers), NOT_ALONE
    assert TALLY.broken() == []


NOT_ALONE = "this looks at what the contract tests of this module sent: run the whole module"
