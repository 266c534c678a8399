"""The page on aithriving says what its contract and the code say."""

from __future__ import annotations

import re

from app.dialects.aithriving.aithriving import PRICE
from app.dialects.aspects import ASPECTS
from tests.docs.pages import tables, text
from tests.running import ROOT, document

PAGE = "docs/aithriving.md"
CODE = re.compile(r"`([^`]+)`")


def _code(cell: str) -> str:
    return CODE.findall(cell)[0]


def test_the_parameters_are_those_of_the_contract() -> None:
    """Every parameter in its order, with its default and its bounds."""
    fields = document("aithriving")["components"]["schemas"]["CoreRequestBody"]["properties"]
    rows = tables(PAGE, "Parameters")[0]

    assert [_code(row[0]) for row in rows] == list(fields)
    for name, default, allowed in rows:
        schema = fields[_code(name)]
        assert CODE.findall(default) == ([str(schema["default"])] if "default" in schema else [])
        for bound in ("maximum", "maxLength", "multipleOf"):
            assert str(schema.get(bound, "")) in allowed


def test_the_sizes_are_those_of_the_code_and_the_contract() -> None:
    """Page, contract and code have the same nine sizes."""
    expected = [(f"`{ratio}`", f"{width}x{height}") for ratio, (width, height) in ASPECTS.items()]

    assert tables(PAGE, "Sizes")[0] == expected
    for ratio, size in expected:
        row = rf"\| {ratio}(, or none)? \| {size} \|"
        assert re.search(row, document("aithriving")["info"]["description"])


def test_the_fields_of_the_answer_are_those_of_the_contract() -> None:
    """In their order, those of the data behind it."""
    fields = document("aithriving")["components"]["schemas"]["Success"]["properties"]

    expected = [*fields, *(f"data.{name}" for name in fields["data"]["properties"])]
    assert [_code(row[0]) for row in tables(PAGE, "Answers")[0]] == expected


def test_every_status_is_listed() -> None:
    """The statuses of the table are those of the wording."""
    source = (ROOT / "app/dialects/aithriving/wording.py").read_text("utf-8")

    assert [row[0] for row in tables(PAGE, "Failures")[0]] == sorted(set(re.findall(r"Wording\((\d+),", source)))


def test_the_price_is_the_one_that_is_charged() -> None:
    """Six credits."""
    assert f"A picture costs {PRICE.credits} credits" in text(PAGE)
