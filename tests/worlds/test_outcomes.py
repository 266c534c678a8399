"""The table of outcomes holds everything that the dialects can say, and every fault of the network."""

from __future__ import annotations

import ast
import inspect
from concurrent.futures import Executor
from typing import cast

import orjson
import pytest

from app.dialects.stability import v1alpha, wording
from app.dialects.stability.v1 import V1
from app.dialects.stability.v1alpha import V1Alpha
from app.dialects.stability.v1beta import V1Beta
from app.settings import Limits
from app.studio import Studio
from app.worlds.outcomes import ERRORS, NEEDS_ANSWER, TABLE, WIRE, Kind, Outcome, describe, error_of
from engines.errors import UnknownEngine

DIALECTS = (V1, V1Beta, V1Alpha)


def _dialect(kind: type[V1]) -> V1:
    """A dialect that only words errors, which needs nothing that draws."""
    return kind(cast("Studio", None), cast("Executor", None), Limits())


def _spoken() -> set[tuple[int, str]]:
    """Every (status, name) that stands in the text of the dialects' wording."""
    said = set()
    for module in (wording, v1alpha):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Wording":
                match node.args:
                    case [ast.Constant(value=int(status)), ast.Constant(value=str(name)), *_]:
                        said.add((status, name))
    return said


@pytest.mark.parametrize("kind", DIALECTS)
def test_everything_a_dialect_can_say_has_an_outcome(kind: type[V1]) -> None:
    """Whatever status and name a client may meet, there is an outcome that makes it meet them."""
    dialect = _dialect(kind)
    played = {(one.status, one.name) for one in (dialect.wording(make()) for make in ERRORS.values())}
    assert played == _spoken()
    assert len(played) == len(ERRORS) == 23


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("outcome", ERRORS)
def test_an_error_is_worded_under_the_outcomes_name(kind: type[V1], outcome: Outcome) -> None:
    """The name of an outcome is the ``name`` in the error that the client gets."""
    answer = _dialect(kind).word(ERRORS[outcome]())
    assert orjson.loads(answer.body)["name"] == outcome
    assert describe(outcome).startswith(str(answer.status))


def test_the_table_is_complete() -> None:
    """Every outcome has one line, and is an error, a filtered picture or a fault on the wire."""
    assert list(TABLE) == list(Outcome)
    assert {Outcome.CONTENT_FILTERED} == set(Outcome) - WIRE - ERRORS.keys()
    assert not WIRE & ERRORS.keys()
    assert all((row.kind is Kind.ERROR) == (row.error is not None) for row in TABLE.values())


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


def test_a_retired_engine_is_named() -> None:
    """The 404 names the engine that was asked for."""
    error = error_of(Outcome.NOT_FOUND, "stable-diffusion-v1-5")
    assert isinstance(error, UnknownEngine)
    assert error.engine_id == "stable-diffusion-v1-5"
    assert isinstance(error_of(Outcome.NOT_FOUND), UnknownEngine)


@pytest.mark.parametrize("outcome", sorted(WIRE | {Outcome.CONTENT_FILTERED}))
def test_what_is_no_error_has_none(outcome: Outcome) -> None:
    """A fault on the wire is nothing that a dialect could word."""
    assert error_of(outcome) is None
