"""Pictures inside of JSON are found however they are written, and nothing else is taken for one."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.worlds.depicted import NUMBERS, picture_bytes, pixel_bytes
from app.worlds.redaction import Redaction
from tests.pictures import png

PNG = png(8, 8)
TEXT = base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "written",
    [PNG, TEXT, f"data:image/png;base64,{TEXT}", f"data:;base64,{TEXT}", f"data:image/png;a=b;base64,{TEXT}"],
)
def test_a_picture_is_found_with_its_bytes(written: Any) -> None:
    """As a file, as base64, and as a data URI."""
    assert picture_bytes(written) == PNG


@pytest.mark.parametrize(
    "kind", [b"\xff\xd8\xff\xe0" + b"j" * 30, b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"w" * 9, b"GIF89a" + b"g" * 9]
)
def test_other_kinds_are_pictures_too(kind: bytes) -> None:
    """What begins like a JPEG, a WebP or a GIF is kept from journals as well."""
    assert picture_bytes(base64.b64encode(kind).decode()) == kind


@pytest.mark.parametrize("end", ["!", "=", "A", "\ud800", " not base64"])
def test_a_broken_picture_is_one_all_the_same(end: str) -> None:
    """Its bytes are not known then; some stand for them, so that equal ones have equal hashes."""
    assert picture_bytes(TEXT[:41] + end) is not None


@pytest.mark.parametrize("value", ["", "a fox", "iVBOR", "https://example.com/a.png", "A" * 400, 7, None, [], {}, True])
def test_what_is_no_picture_is_left_alone(value: Any) -> None:
    """Prompts, addresses and short texts are no pictures."""
    assert picture_bytes(value) is None


@pytest.mark.parametrize(
    "written",
    [list(range(256)), [[n] * 4 for n in range(64)], [[[n] * 4 for n in range(8)] for _ in range(8)]],
    ids=["1D", "rows", "rows of pixels"],
)
def test_bare_pixels_are_found(written: Any) -> None:
    """Lists of numbers of one byte each, up to rows of pixels of channels."""
    found = pixel_bytes(written)

    assert found is not None
    assert len(found) == NUMBERS


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1] * (NUMBERS - 1),
        [300] * NUMBERS,
        [-1] * NUMBERS,
        [0.5] * NUMBERS,
        ["a"] * NUMBERS,
        [[1] * NUMBERS, "a"],
        [[], []],
        [[[[[1] * NUMBERS]]]],
        {"a": 1},
    ],
)
def test_other_lists_are_left_alone(value: Any) -> None:
    """Scores, sizes and labels are no pixels."""
    assert pixel_bytes(value) is None


def test_a_journal_keeps_hash_and_size_of_each() -> None:
    """Nothing of the picture itself, wherever it stands."""
    kept = Redaction("sk-key").value(
        {"image": [TEXT, f"data:image/png;base64,{TEXT}"], "pixels": [[0] * 300], "n": [1, 2]}
    )

    assert [one["width"] for one in kept["image"]] == [8, 8]
    assert kept["image"][0] == kept["image"][1]
    assert (kept["pixels"]["bytes"], kept["pixels"]["width"], kept["n"]) == (300, None, [1, 2])
    assert TEXT[:20] not in str(kept)
