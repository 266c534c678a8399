"""Form parts as values: the bracket names and odd habits of shipped clients."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import BadField
from app.web.forms import assemble
from app.web.multipart import Part

PROMPT = {"type": "object", "properties": {"text": {"type": "string"}, "weight": {"type": "number"}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "init_image": {"type": "string", "x-binary": True},
        "text_prompts": {"type": "array", "items": PROMPT},
        "steps": {"type": "integer"},
        "cfg_scale": {"type": "number"},
        "flag": {"type": "boolean"},
        "style": {"type": ["string", "null"]},
        "options": {"type": "object", "properties": {"seed": {"type": "integer"}}},
    },
}


def form(*parts: tuple[str, str | bytes]) -> dict[str, Any]:
    """What a form with these parts means."""
    encoded = [Part(name, bytearray(data.encode() if isinstance(data, str) else data)) for name, data in parts]
    return assemble(encoded, SCHEMA, 10_000)


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ([("text_prompts[0][text]", "a"), ("text_prompts[0][weight]", "0.5")], [{"text": "a", "weight": 0.5}]),
        ([("text_prompts[7][text]", "b"), ("text_prompts[3][text]", "a")], [{"text": "a"}, {"text": "b"}]),
        ([("text_prompts[0][text]:", "a")], [{"text": "a"}]),
        ([("text_prompts[0][text]", "a"), ("text_prompts[0][text]", "b")], [{"text": "b"}]),
        ([("text_prompts", '[{"text":"a","weight":1}]')], [{"text": "a", "weight": 1}]),
        ([("text_prompts[0][text]", "a"), ("text_prompts", '[{"text":"b"}]')], [{"text": "a"}]),
        ([("text_prompts[0][text]", "a"), ("text_prompts[0][colour]", "red")], [{"text": "a"}]),
        ([("text_prompts[999999999][text]", "a")], [{"text": "a"}]),
        ([("text_prompts[x][text]", "a")], []),
        ([("text_prompts[0]", "a")], ["a"]),
        ([("text_prompts", "no json")], "no json"),
    ],
)
def test_prompts_in_every_notation(parts: list[tuple[str, str | bytes]], value: object) -> None:
    """Indices with gaps, out of order, with a colon, twice, as JSON: the prompts come out in order."""
    assert form(*parts) == {"text_prompts": value}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", "30", 30),
        ("steps", "30.0", "30.0"),
        ("steps", "abc", "abc"),
        ("steps", "", ""),
        ("steps", "9" * 5000, "9" * 5000),
        ("cfg_scale", "0.350000", 0.35),
        ("cfg_scale", "7", 7.0),
        ("cfg_scale", "1e1", 10.0),
        ("cfg_scale", "nan", "nan"),
        ("cfg_scale", "inf", "inf"),
        ("flag", "true", True),
        ("style", "null", None),
        ("style", "anime", "anime"),
        ("options", '{"seed": 1}', {"seed": 1}),
        ("options", "[" * 5000, "[" * 5000),
    ],
)
def test_texts_become_what_the_schema_says_or_stay_texts(name: str, text: str, value: object) -> None:
    """Numbers, switches and JSON are read; what does not fit is left for the validator to name."""
    assert form((name, text)) == {name: value}


def test_files_are_bytes_by_the_name_of_their_field() -> None:
    """A picture is a picture because of its field, and is passed on untouched."""
    assert form(("init_image", b"\x89PNG\xff\x00")) == {"init_image": b"\x89PNG\xff\x00"}


def test_unknown_names_and_garbage_are_ignored() -> None:
    """Fields the contract does not know, malformed brackets and absurd depths change nothing."""
    assert form(("extra", "1"), ("text_prompts[0", "a"), ("", "x"), ("options" + "[a]" * 50, "1")) == {}


def test_a_text_that_is_no_utf8_is_refused_by_name() -> None:
    """The field is named."""
    with pytest.raises(BadField) as caught:
        form(("style", b"\xff\xfe"))

    assert (caught.value.field, caught.value.rule) == ("style", "utf8")


def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    """The field and the limit are named."""
    with pytest.raises(BadField) as caught:
        form(("style", "x" * 10_001))

    assert (caught.value.field, caught.value.rule, caught.value.limit) == ("style", "maxLength", 10_000)
