"""The page on Stativerse names what the contract has and what the code says, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from app.dialects.stativerse import selling
from engines.prices import MICRO
from tests.docs.pages import tables, text
from tests.running import ROOT, document

PAGE = "docs/stativerse.md"


def schema(name: str) -> dict[str, Any]:
    """The properties of a schema, those that it takes over from another one included."""
    found: dict[str, Any] = document("stativerse")["components"]["schemas"][name]
    parts = found.get("allOf", [found])
    own = (schema(part["$ref"].rpartition("/")[2]) if "$ref" in part else part["properties"] for part in parts)
    return {field: facts for properties in own for field, facts in properties.items()}


def rows(heading: str, table: int = 0) -> dict[str, tuple[str, ...]]:
    """A table by its first column."""
    return {row[0].strip("`"): row[1:] for row in tables(PAGE, heading)[table]}


def fields(name: str) -> list[str]:
    """The names in ``data`` of an answer."""
    return list(schema(name)["data"]["properties"])


def written(facts: dict[str, Any]) -> Iterator[str]:
    """The default of a field as the page writes it, if it has one."""
    if "default" in facts:
        default = facts["default"]
        yield f"`{default if isinstance(default, str) else json.dumps(default)}`"


def test_every_parameter_of_a_picture_is_there() -> None:
    """Those of both operations, with their defaults."""
    table = rows("Pictures")
    drawing, editing = schema("ImageGenerationRequest"), schema("ImageEditRequest")

    assert set(table) == drawing.keys() | editing.keys()
    for name, facts in drawing.items():
        assert [table[name][0]] == (list(written(facts)) or [table[name][0]])


def test_every_field_of_a_picture_is_there() -> None:
    """In the order of the answer."""
    assert list(rows("Pictures", 1)) == fields("PictureAnswer")


def test_every_parameter_of_a_text_is_there() -> None:
    """Both operations have the same."""
    table = rows("Texts")

    assert list(table) == list(schema("ClassificationRequest")) == list(schema("SentenceRequest"))
    assert table["normalize"][0] == "`true`"


def test_every_field_of_scores_is_there() -> None:
    """In the order of the answer."""
    assert list(rows("Texts", 1)) == fields("ScoresAnswer")


def test_every_format_is_there() -> None:
    """All five, in the order of the contract."""
    formats = [form for form in schema("ImageGenerationRequest")["output_format"]["enum"] if form]

    assert list(rows("Output formats")) == formats


def test_every_error_is_there() -> None:
    """The table has exactly the statuses and codes that the dialect can say."""
    source = (ROOT / "app/dialects/stativerse/wording.py").read_text()
    said = set(re.findall(r'Wording\(\s*(\d{3}), "(\w+)"', source))

    assert {(row[0], row[1].strip("`")) for row in tables(PAGE, "Errors")[0]} == said


def test_the_prices_are_those_that_are_charged() -> None:
    """A drawn picture, one that is only processed, and a text."""
    prices = [float(row[1].strip("`")) for row in tables(PAGE, "Credits")[0]]

    assert prices == [float(selling.DRAWN), selling.RETURNED / MICRO, selling.TEXT / MICRO]


def test_the_engine_is_the_one_that_draws() -> None:
    """The page names it, and the model that an owner sets."""
    assert f"drawn by `{selling.ENGINES[selling.MODEL]}`" in text(PAGE)
    assert f"UNDERSTUDY_MODELS={selling.CONTRACT}/{selling.MODEL}=" in text(PAGE)
