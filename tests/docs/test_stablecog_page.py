"""The tables of the page on Stablecog say what the code and its contract do."""

from __future__ import annotations

import re

import yaml

from app.dialects.stablecog.models import ALL, MODELS
from app.dialects.stablecog.reading import AT_MOST, LESS_THAN
from tests.docs.pages import tables, text
from tests.running import ROOT, document

PAGE = "docs/stablecog.md"
BARE = re.compile(r"`([^`]+)`")


def _code(cell: str) -> str:
    return BARE.findall(cell)[0]


def test_the_paths_are_those_of_the_contract() -> None:
    """Every operation, and whether it needs a key."""
    rows = {_code(row[0]): row[2] for row in tables(PAGE, "Stablecog")[0]}

    expected = {
        f"{method.upper()} /v1{path}": "yes" if operation["security"] else "no"
        for path, item in document("stablecog")["paths"].items()
        for method, operation in item.items()
    }
    assert rows == expected


def test_the_parameters_are_those_of_the_contract() -> None:
    """Every parameter with its default and its bounds."""
    rows = {_code(name): (default, allowed) for name, default, allowed in tables(PAGE, "Parameters")[0]}
    fields = document("stablecog")["components"]["schemas"]["CreateGenerationRequestBody"]["properties"]

    assert set(rows) == set(fields)
    for name, (default, allowed) in rows.items():
        schema = fields[name]
        bounds = [schema[bound] for bound in ("minimum", "maximum", "minLength", "maxLength") if bound in schema]
        if name.endswith("_id"):
            bounds = []  # Those who read lists of ids need no longest one.
        told = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", allowed)}
        assert {float(bound) for bound in bounds if bound >= 0} <= told, name
        if schema.get("default", "") != "":
            assert yaml.safe_load(_code(default)) == schema["default"]
        else:
            assert not BARE.search(default)


def test_the_models_are_those_of_the_code() -> None:
    """Every model in its order, with engine, size and schedulers."""
    rows, shown = [], ""
    for name, model_id, engine, side, schedulers in tables(PAGE, "Models")[0]:
        shown = shown if schedulers == "the same" else schedulers
        rows.append((name.removesuffix(", the default"), _code(model_id), _code(engine), int(side), shown))

    assert rows == [
        (one.name, one.id, one.engine_id, one.side, ", ".join(each.name for each in one.schedulers)) for one in MODELS
    ]
    assert tables(PAGE, "Models")[0][0][0].endswith(", the default")


def test_the_schedulers_are_those_of_the_code() -> None:
    """Every scheduler with its id and the sampler that stands for it."""
    rows = [
        (name, _code(scheduler_id), _code(sampler)) for name, scheduler_id, sampler in tables(PAGE, "Schedulers")[0]
    ]

    assert rows == [(one.name, one.id, one.sampler.value) for one in ALL]


def test_the_largest_numbers_of_steps_are_right() -> None:
    """Each example goes, and one step more does not."""
    found = re.findall(r"(\d+)x(\d+)(?: goes)?\s+with (\d+)", text(PAGE))

    assert len(found) == 3
    for width, height, steps in (map(int, one) for one in found):
        assert width * height * steps < LESS_THAN <= AT_MOST
        assert width * height * (steps + 1) >= LESS_THAN


def test_every_error_is_listed() -> None:
    """The codes of the table are those of the wording, no more and no less."""
    rows = {(int(status), _code(code)) for status, code, _ in tables(PAGE, "Errors")[0]}
    source = (ROOT / "app/dialects/stablecog/wording.py").read_text("utf-8")

    written = set(re.findall(r'Wording\((\d+), "(\w+)"', source)) | {
        ("429", code) for code in re.findall(r'_later\("(\w+)"', source)
    }
    expected = {(int(status), code) for status, code in written if not code.startswith("invalid_")}
    expected -= {(400, "bad_request")}
    assert rows == expected | {(400, "prompt_required"), (400, "invalid_"), (400, "image_url_width_height_error")}
