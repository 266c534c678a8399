"""Schemathesis on the control API of test mode, with every check it has.

Rules, snapshots and worlds are made and used by hand as well: generated ids and names rarely mean one that is there.
"""

from __future__ import annotations

import os
import zlib
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from tests.fuzz.tally import TALLY
from tests.running import ROOT, Server, document
from understudy.testing import Understudy

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
SEED = os.environ.get("FUZZ_SEED")
"""Absent, every run of the same tests sends the same cases."""
WHAT = "control API"
VALID = [200, 201, 204, 400, 404, 409]
"""400: a latency of one kind needs what another does not; 404: no such rule or snapshot; 409: too many of them."""
SNAPSHOT = "kept"


def contract() -> schemathesis.BaseSchema:
    """The contract with its checks set up and its cases helped along."""
    config = SchemathesisConfig(seed=int(SEED) if SEED else None)
    config.projects.default.checks.positive_data_acceptance.expected_statuses = [str(status) for status in VALID]
    schema = schemathesis.openapi.from_path(str(ROOT / "spec" / "control.yaml"), config=config)
    schema.hook("map_case")(_name_what_is_there)
    return schema


def _name_what_is_there(_: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Let half of the cases mean the rule and the snapshot that are there."""
    chance = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode("utf-8", "backslashreplace"))
    for name, known in (("name", SNAPSHOT), ("rule_id", "rule-1")):
        if name in case.path_parameters and chance % 2:
            case.path_parameters[name] = known
    return case


@pytest.fixture(scope="module")
def steered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in test mode that nobody else uses: some operations change all of its worlds."""
    with Server(tmp_path_factory.mktemp("steered") / "home", "--test") as running:
        yield running


@pytest.fixture
def world(steered: Server) -> Understudy:
    """A world with a rule and a snapshot, of its own and of all worlds."""
    world = Understudy(steered.url, "sk-test-fuzz")
    world.reset()
    world.fail_next("server_error")
    for path in ("/world/snapshots", "/snapshots"):
        if SNAPSHOT not in world._ask("GET", path)["snapshots"]:
            _make_room(world, path)
            world._ask("POST", path, {"name": SNAPSHOT})
    return world


def _make_room(world: Understudy, path: str) -> None:
    for name in world._ask("GET", path)["snapshots"]:
        world._ask("DELETE", f"{path}/{quote(name)}")


@schemathesis.pytest.parametrize(control=contract())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SEED is None,
    database=None,
    suppress_health_check=list(HealthCheck),  # They measure time, and machines differ.
    phases=(Phase.explicit, Phase.generate),
)
def test_every_answer_keeps_the_contract(case: schemathesis.Case, world: Understudy) -> None:
    """Whatever is sent, the answer is one that the document describes for it."""
    headers = {"Authorization": f"Bearer {world.key}"}
    response = case.call(base_url=f"{world.url}/_understudy", headers=headers)
    TALLY.add(WHAT, case.operation.label, 1, Counter([response.status_code]))
    case.validate_response(response, headers=headers)


def test_every_operation_was_reached_and_none_broke_down() -> None:
    """Each operation did at least once what it was asked for, and not one request was answered with a 5xx."""
    operations = {f"{verb.upper()} {path}" for path, item in document("control")["paths"].items() for verb in item}

    done = {name for name, statuses in TALLY.answers[WHAT].items() if any(status < 300 for status in statuses)}

    assert done == operations, "this looks at what the test above sent: run the whole module"
    assert [name for name in TALLY.broken() if name.startswith(WHAT)] == []
