"""How many values a text of JSON may hold, and that signs in its texts are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.errors import BadBody
from app.web.jsontext import MAX_VALUES, parse_json

TRICKY = ['"', "\\", '\\"', '"\\', "\\\\", '",', "\\\\\\"]
"""Texts that end, or seem to end, in quotes and backslashes."""


@pytest.mark.parametrize(
    "value",
    [
        [0] * (MAX_VALUES + 1),
        [""] * (MAX_VALUES + 1),
        [","] * (4 * MAX_VALUES),
        [{}] * MAX_VALUES,
        dict.fromkeys(map(str, range(MAX_VALUES + 1)), ""),
        [*TRICKY, [0] * MAX_VALUES, *TRICKY],
    ],
    ids=["numbers", "texts", "commas", "objects", "fields", "behind tricky texts"],
)
def test_too_many_values_are_refused(value: Any) -> None:
    """Whatever kind they are, and whatever stands before them."""
    with pytest.raises(BadBody, match="more than 10000 values"):
        parse_json(json.dumps(value).encode())


@pytest.mark.parametrize("text", ["[{,", *TRICKY])
def test_signs_in_texts_are_no_values(text: str) -> None:
    """A few texts are read however many commas and brackets they hold."""
    value = [*TRICKY, text * 5000, {text: "[,{" * 5000}, *TRICKY]

    assert parse_json(json.dumps(value).encode()) == value
