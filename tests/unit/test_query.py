"""Query strings as the contract wants them."""

from __future__ import annotations

import pytest

from app.errors import BadField
from app.web.query import MAX_PAIRS, QueryReader

PARAMETERS = [
    {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}},
    {"in": "query", "name": "path", "schema": {"type": "string"}},
    {"in": "header", "name": "Organization", "schema": {"type": "string"}},
]


@pytest.fixture
def reader() -> QueryReader:
    """Two parameters, one with a default; headers are none of its business."""
    return QueryReader(PARAMETERS)


def test_parameters_are_typed(reader: QueryReader) -> None:
    """A number is a number, and a text is unescaped."""
    assert reader.read(b"limit=20&path=%2Fv1%20x") == {"limit": 20, "path": "/v1 x"}


def test_a_parameter_that_is_not_known_is_named(reader: QueryReader) -> None:
    """Somebody who misspells a parameter is told, instead of getting what they did not ask for."""
    with pytest.raises(BadField) as caught:
        reader.read(b"limit=20&pth=x&Organization=a")

    assert (caught.value.rule, caught.value.limit) == ("additionalProperties", ["pth", "Organization"])


@pytest.mark.parametrize("query", [b"limit=0", b"a=1&" * 1000, b"%ff", b"&&=&"])
def test_an_operation_without_parameters_ignores_every_query(query: bytes) -> None:
    """Nothing that stands behind the question mark matters where the contract reads none of it."""
    assert QueryReader(PARAMETERS[-1:]).read(query) == {}


def test_defaults_are_filled_in_and_the_last_one_counts(reader: QueryReader) -> None:
    """Without a query the contract's defaults hold; of several values the last one does."""
    assert reader.read(b"") == {"limit": 10}
    assert reader.read(b"limit=2&limit=3")["limit"] == 3


@pytest.mark.parametrize("query", [b"limit=0", b"limit=51", b"limit=many", b"limit="])
def test_a_value_that_breaks_its_rule_is_named(reader: QueryReader, query: bytes) -> None:
    """The error says which parameter it was."""
    with pytest.raises(BadField) as caught:
        reader.read(query)

    assert caught.value.field == "limit"


def test_too_many_parameters_are_refused(reader: QueryReader) -> None:
    """A query of a thousand pairs is not taken apart."""
    with pytest.raises(BadField):
        reader.read(b"&".join([b"a=1"] * (MAX_PAIRS + 1)))


def test_a_required_parameter_is_required() -> None:
    """Where the contract requires one, its absence is named."""
    reader = QueryReader([{"in": "query", "name": "name", "required": True, "schema": {"type": "string"}}])

    with pytest.raises(BadField) as caught:
        reader.read(b"")

    assert (caught.value.field, caught.value.rule) == ("name", "required")
