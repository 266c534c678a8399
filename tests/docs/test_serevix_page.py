"""The page on Serevix says what its contract and the code say."""

from __future__ import annotations

import re

from app.dialects.aspects import ASPECTS, follows_negative
from app.dialects.serevix.serevix import MODELS
from engines.catalog import CARDS
from engines.types import Task
from tests.docs.pages import tables, text
from tests.running import ROOT, document

PAGE = "docs/serevix.md"
CODE = re.compile(r"`([^`]+)`")


def _code(cell: str) -> str:
    return CODE.findall(cell)[0]


def test_the_parameters_are_those_of_the_contract() -> None:
    """Every parameter in its order, with its default and its largest bound."""
    fields = document("serevix")["components"]["schemas"]["GenerationRequestBody"]["properties"]
    rows = tables(PAGE, "Parameters")[0]

    assert [_code(row[0]) for row in rows] == list(fields)
    for name, default, allowed in rows:
        schema = fields[_code(name)]
        told = CODE.findall(default)
        assert told == ([str(schema["default"])] if "default" in schema else ["png"] if "png" in told else [])
        for bound in ("maximum", "maxLength"):
            assert str(schema.get(bound, "")) in allowed


def test_the_models_are_those_of_the_code() -> None:
    """Every model with what it can do and costs."""
    cards = {card.id: card for card in CARDS}
    expected = []
    for model in MODELS:
        card = cards[model]
        can = (Task.IMAGE_TO_IMAGE in card.tasks, follows_negative(card), model == "sd-core")
        price = f"{card.price.per_picture(1024, 1024, card.steps.default) / 1_000_000:g}"
        expected.append((f"`{model}`", *("yes" if one else "no" for one in can), price))

    assert tables(PAGE, "Models")[0] == expected


def test_the_sizes_are_those_of_the_code_and_the_contract() -> None:
    """Page, contract and code have the same nine sizes."""
    expected = [(f"`{ratio}`", f"{width}x{height}") for ratio, (width, height) in ASPECTS.items()]

    assert tables(PAGE, "Sizes")[0] == expected
    for ratio, size in expected:
        assert f"| {ratio} | {size} |" in document("serevix")["info"]["description"]


def test_the_headers_are_those_of_the_contract() -> None:
    """Content-Type, and those that the contract declares."""
    headers = document("serevix")["components"]["responses"]["Picture"]["headers"]

    assert [_code(row[0]) for row in tables(PAGE, "Answers")[0]] == ["Content-Type", *headers]


def test_every_error_is_listed() -> None:
    """The statuses and codes of the table are those of the wording, and their types stand below it."""
    source = (ROOT / "app/dialects/serevix/wording.py").read_text("utf-8")
    written = set(re.findall(r'Wording\((\d+), "(\w+)"', source))
    written |= {("429", code) for code in re.findall(r'_later\("(\w+)"', source)}
    written |= {("400", code) for code in ("missing_parameter", "unsupported_parameter")}

    types = document("serevix")["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["type"]["enum"]

    assert {(row[0], _code(row[1])) for row in tables(PAGE, "Errors")[0]} == written
    assert [name for name in types if f"`{name}`" not in text(PAGE)] == []
