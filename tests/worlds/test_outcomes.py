"""The table of outcomes holds everything that the dialects can say, and every fault of the network."""

from __future__ import annotations

import ast
import inspect

import orjson
import pytest

from app.dialects.served import RECORDED, SERVED, Kind
from app.dialects.stability import v1alpha, wording
from app.dialects.stability.v1 import V1
from app.errors import BadField, BadPicture
from app.worlds.outcomes import ERRORS, NEEDS_ANSWER, TABLE, WIRE, AskedFor, Outcome, describe, error_for, error_of
from app.worlds.outcomes import Kind as How
from engines.errors import UnknownEngine
from tests.rooms import tools

OWN_STATUS = {
    ("aithriving", Outcome.INSUFFICIENT_BALANCE): "402",
    ("stablecog", Outcome.INSUFFICIENT_BALANCE): "400",
    ("stativerse", Outcome.INSUFFICIENT_BALANCE): "402",
}
"""Where a service answers with another status than the table says."""
every_dialect = pytest.mark.parametrize("kind", SERVED, ids=lambda kind: kind.contract)
every_version = pytest.mark.parametrize("kind", RECORDED, ids=lambda kind: kind.contract)


def _spoken() -> set[tuple[int, str]]:
    """Every (status, name) that stands in the text of the wording of the Stability versions."""
    said = set()
    for module in (wording, v1alpha):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Wording":
                match node.args:
                    case [ast.Constant(value=int(status)), ast.Constant(value=str(name)), *_]:
                        said.add((status, name))
    return said


@every_version
def test_everything_a_version_can_say_has_an_outcome(kind: type[V1]) -> None:
    """Whatever status and name a client may meet, there is an outcome that makes it meet them."""
    dialect = kind(tools())
    played = {(one.status, one.name) for one in (dialect.wording(make(AskedFor())) for make in ERRORS.values())}
    assert played == _spoken()
    assert len(played) == len(ERRORS) == 23


@every_version
@pytest.mark.parametrize("outcome", ERRORS)
def test_an_error_is_worded_under_the_outcomes_name(kind: Kind, outcome: Outcome) -> None:
    """The name of an outcome is the ``name`` in the error that the client gets."""
    answer = kind(tools()).word(ERRORS[outcome](AskedFor()))
    assert orjson.loads(answer.body)["name"] == outcome
    assert describe(outcome).startswith(str(answer.status))


@every_dialect
@pytest.mark.parametrize("outcome", ERRORS)
def test_every_service_has_words_for_an_outcome(kind: Kind, outcome: Outcome) -> None:
    """The status is the one in the table or the service's own, and who is to come back later is told when."""
    dialect = kind(tools())
    error = error_for(outcome, AskedFor("some-engine", "prompt", "image"), lambda error: dialect.word(error).status)
    assert error is not None
    answer = dialect.word(error)
    own = OWN_STATUS.get((kind.contract, outcome))
    assert str(answer.status) == (own or describe(outcome)[:3])
    assert isinstance(orjson.loads(answer.body), dict)
    if outcome in {Outcome.RATE_LIMIT_EXCEEDED, Outcome.TOO_MANY_REQUESTS}:
        assert dict(answer.headers)["Retry-After"].isdecimal()


def test_the_table_is_complete() -> None:
    """Every outcome has one line, and is an error, a filtered picture or a fault on the wire."""
    assert list(TABLE) == list(Outcome)
    assert {Outcome.CONTENT_FILTERED} == set(Outcome) - WIRE - ERRORS.keys()
    assert not WIRE & ERRORS.keys()
    assert all((row.kind is How.ERROR) == (row.error is not None) for row in TABLE.values())


def test_the_faults_of_the_network_are_there() -> None:
    """What no server words by itself: a proxy's 503, silence, a reset, nothing, half a picture, a wrong length."""
    assert {str(outcome) for outcome in WIRE} == {
        "unavailable",
        "timeout",
        "connection_reset",
        "empty_reply",
        "truncated_picture",
        "wrong_content_length",
    }
    assert {str(outcome) for outcome in NEEDS_ANSWER - WIRE} == {"content_filtered"}


def test_every_description_is_its_own() -> None:
    """No two outcomes are described in the same words, and each in one line."""
    texts = [describe(outcome) for outcome in Outcome]
    assert len(set(texts)) == len(texts)
    assert all(text.isprintable() and len(text) < 100 for text in texts)


def test_an_error_speaks_of_what_was_asked_for() -> None:
    """The 404 names the engine, a broken field is the contract's own prompt, a bad picture its own field for one."""
    asked_for = AskedFor("stable-diffusion-v1-5", "prompt", "init_image_url")

    missing, broken, unusable = (
        error_of(outcome, asked_for)
        for outcome in (Outcome.NOT_FOUND, Outcome.BAD_REQUEST, Outcome.INVALID_IMAGE_DIMENSIONS)
    )

    assert isinstance(missing, UnknownEngine)
    assert missing.engine_id == "stable-diffusion-v1-5"
    assert isinstance(broken, BadField)
    assert broken.field == "prompt"
    assert isinstance(unusable, BadPicture)
    assert unusable.field == "init_image_url"
    assert isinstance(error_of(Outcome.NOT_FOUND), UnknownEngine)


@pytest.mark.parametrize("outcome", sorted(WIRE | {Outcome.CONTENT_FILTERED}))
def test_what_is_no_error_has_none(outcome: Outcome) -> None:
    """A fault on the wire is nothing that a dialect could word."""
    assert error_of(outcome) is None
