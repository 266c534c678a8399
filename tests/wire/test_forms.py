"""Forms as clients really write them, byte for byte."""

from __future__ import annotations

import base64
import functools
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.pictures import artifact_pixels, png
from tests.running import KEY, Client, Server
from tests.wire.asking import SMALL, image_to_image, newer_versions, path, text_to_image
from tests.wire.raw import BOUNDARY, FORM_TYPE, Answer, chunked, exchange, form, part, request
from tests.wire.refusing import assert_error

INIT = png(128, 128)
AUTH = f"Authorization: {KEY}"
FOX = part("text_prompts[0][text]", "a fox")
SEED = part("seed", "5") + part("steps", "10")
INIT_PART = part("init_image", INIT)


def send(server: Server, version: str, *parts: bytes, task: str = "image-to-image", media: str = FORM_TYPE) -> Answer:
    """Send a form to a generation and read the answer."""
    return exchange(
        server.url, request("POST", path(version, task, SMALL), AUTH, f"Content-Type: {media}", body=form(*parts))
    )


@functools.cache
def usual(server: Server, version: str) -> bytes:
    """The answer to the plainest form, which all other spellings of it must get too."""
    return send(server, version, INIT_PART, FOX, SEED).body


def picture(answer: Answer) -> np.ndarray:
    """The pixels of the first artifact."""
    assert answer.status == 200, answer.body
    return artifact_pixels(json.loads(answer.body))


@newer_versions
def test_picture_without_filename_and_type(server: Server, client: Client, version: str) -> None:
    """A part is a file by the name of its field, as Go and Node send it."""
    bare = send(server, version, INIT_PART, FOX, SEED)

    plain = image_to_image(client, version, INIT, SMALL, text_prompts=[{"text": "a fox"}], seed=5)
    assert bare.body == plain.content


@newer_versions
@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain",
        "Content-Type: application/octet-stream",
        "Content-Type: image/jpeg",
        "Content-Type: ",
        "Content-Type:",
        "Content-Transfer-Encoding: binary",
        "content-transfer-encoding: 8bit",
        "X-Whatever: 1",
    ],
)
@pytest.mark.parametrize("filename", [None, "", "init.png", "C:\\\\a b;c.txt", "bild ü.gif"])
def test_headers_of_a_picture_part_mean_nothing(
    server: Server, version: str, header: str, filename: str | None
) -> None:
    """Any type, none, an empty one, any filename: the kind follows from the bytes."""
    answer = send(server, version, part("init_image", INIT, header, filename=filename), FOX, SEED)

    assert answer.body == usual(server, version)


@newer_versions
@pytest.mark.parametrize(
    "header", ["Content-Type: text/plain; charset=utf-8", "Content-Type:", "Content-Transfer-Encoding: 8bit"]
)
def test_headers_of_a_text_part_mean_nothing(server: Server, version: str, header: str) -> None:
    """Text parts with types and encodings, as .NET and Java send them, are text."""
    parts = part("text_prompts[0][text]", "a fox", header), part("seed", "5", header), part("steps", "10", header)

    assert send(server, version, INIT_PART, *parts).body == usual(server, version)


@newer_versions
def test_text_part_with_a_filename_is_text(server: Server, version: str) -> None:
    """Some clients send every part as a file."""
    text = part("text_prompts[0][text]", "a fox", "Content-Type: application/octet-stream", filename="blob")

    assert send(server, version, INIT_PART, text, SEED).body == usual(server, version)


@newer_versions
@pytest.mark.parametrize(
    "parts",
    [
        part("text_prompts[0][text]:", "a fox") + part("text_prompts[0][weight]:", "1"),
        part("text_prompts[7][text]", "a fox"),
        part("text_prompts[007][text]", "a fox"),
        part("text_prompts[3][weight]", "1.000000") + part("text_prompts[3][text]", "a fox"),
        part("text_prompts", '[{"text": "a fox"}]'),
        part("text_prompts", '[\n  {"text": "a fox",\n   "weight": 1}\n]', "Content-Type: application/json"),
        part("text_prompts[0][text]", "a wolf") + part("text_prompts[0][text]", "a fox"),
        part("text_prompts", '[{"text": "a wolf"}]') + FOX,
        FOX + part("text_prompts[0][other]", "x") + part("text_prompts[x][text]", "y"),
    ],
    ids=["colon", "gap", "zeros", "weight first", "json", "pretty json", "duplicate", "both styles", "unknown"],
)
def test_one_prompt_in_many_spellings(server: Server, version: str, parts: bytes) -> None:
    """Whatever the index and the punctuation, it is one prompt that says "a fox"."""
    assert send(server, version, INIT_PART, parts, SEED).body == usual(server, version)


@newer_versions
def test_indices_out_of_order_set_the_order(client: Client, server: Server, version: str) -> None:
    """Indices are sorted as numbers, not as text and not as they came."""
    mixed = (
        part("text_prompts[10][text]", "snow")
        + part("text_prompts[2][weight]", "-0.5")
        + part("text_prompts[1][text]", "a fox")
        + part("text_prompts[2][text]", "people")
    )
    answer = send(server, version, INIT_PART, mixed, SEED)

    prompts = [{"text": "a fox"}, {"text": "people", "weight": -0.5}, {"text": "snow"}]
    assert answer.body == image_to_image(client, version, INIT, SMALL, text_prompts=prompts, seed=5).content


@newer_versions
def test_last_of_duplicates_wins(server: Server, version: str) -> None:
    """For plain fields, prompts and files alike."""
    twice = send(
        server,
        version,
        part("init_image", b"no picture"),
        part("seed", "999"),
        part("steps", "wrong"),
        INIT_PART,
        FOX,
        SEED,
    )

    assert twice.body == usual(server, version)


@newer_versions
@pytest.mark.parametrize("value", ["0.350000", "0.35", ".35", "3.5e-1", "+0.35", "0.3500000000000000"])
def test_numbers_are_texts_in_any_notation(server: Server, version: str, value: str) -> None:
    """``%f`` and its kin are numbers."""
    answer = send(server, version, INIT_PART, FOX, SEED, part("image_strength", value), part("cfg_scale", "7.000000"))

    assert answer.body == send(server, version, INIT_PART, FOX, SEED, part("image_strength", "0.35")).body


@newer_versions
@pytest.mark.parametrize("value", ["", "half", "0,35", "NaN", "inf", "1e999", "0x1", "1_0", "\u0661"])
def test_texts_that_are_no_numbers(server: Server, version: str, value: str) -> None:
    """400 that names the field."""
    answer = send(server, version, INIT_PART, FOX, SEED, part("image_strength", value))

    body = assert_error(answer, version, 400, "bad_request")
    assert body["message"].startswith("image_strength: must be ")


@newer_versions
def test_unknown_fields_are_ignored(server: Server, version: str) -> None:
    """Unknown names, deep brackets and odd names change nothing."""
    odd = (
        part("mood", "happy")
        + part("a" + "[b]" * 50, "x")
        + part("][", "x")
        + part("", "x")
        + part("text_prompts[0][text][deep][er]x", "x")
        + part("file", bytes(100), filename="x.bin")
    )

    assert send(server, version, odd, INIT_PART, FOX, SEED).body == usual(server, version)


@newer_versions
def test_picture_over_a_megabyte_without_a_filename(server: Server, version: str) -> None:
    """Files may be large although nothing calls them files."""
    noise = np.random.default_rng(1).integers(0, 256, (896, 512, 3), dtype=np.uint8)
    data = _png_of(noise)
    assert len(data) > 1_300_000

    answer = send(server, version, part("init_image", data), FOX, SEED, part("image_strength", "1"))

    assert (picture(answer) == noise).all()


@newer_versions
def test_text_over_a_megabyte_is_refused(server: Server, version: str) -> None:
    """400 that names the field."""
    answer = send(server, version, INIT_PART, SEED, part("text_prompts[0][text]", "x" * 1_000_001))

    body = assert_error(answer, version, 400, "bad_request")
    assert body["message"].startswith("text_prompts[0][text]: ")


@newer_versions
def test_form_in_chunks_without_a_length(server: Server, version: str) -> None:
    """Streamed uploads carry no ``Content-Length``; pieces may cut a boundary in two."""
    head = request(
        "POST",
        path(version, "image-to-image", SMALL),
        AUTH,
        f"Content-Type: {FORM_TYPE}",
        "Transfer-Encoding: chunked",
        length=False,
    )
    answer = exchange(server.url, head + chunked(form(INIT_PART, FOX, SEED), 1009))

    assert answer.body == usual(server, version)


@newer_versions
@pytest.mark.parametrize(
    "media",
    [
        f'multipart/form-data; boundary="{BOUNDARY}"',
        f"Multipart/Form-Data; charset=utf-8; boundary={BOUNDARY}",
        f"multipart/form-data;boundary={BOUNDARY};",
    ],
)
def test_boundary_in_many_spellings(server: Server, version: str, media: str) -> None:
    """Quoted, behind a charset, without a blank: the boundary is found."""
    answer = send(server, version, INIT_PART, FOX, SEED, media=media)

    assert answer.body == usual(server, version)


@newer_versions
def test_preamble_and_epilogue_are_ignored(server: Server, version: str) -> None:
    """What stands before the first and after the last boundary is no part."""
    body = b"\r\n" + form(INIT_PART, FOX, SEED) + b"\r\nbye"
    answer = exchange(
        server.url,
        request("POST", path(version, "image-to-image", SMALL), AUTH, f"Content-Type: {FORM_TYPE}", body=body),
    )

    assert answer.body == usual(server, version)


OPTIONS = {"text_prompts": [{"text": "a fox"}], "seed": 5, "steps": 10}


@pytest.mark.parametrize(
    "options",
    [
        part("options", json.dumps(OPTIONS)),
        part("options", json.dumps(OPTIONS, indent=4)),
        part("options", json.dumps(OPTIONS), "Content-Type: application/json"),
        part("options", json.dumps(OPTIONS), "Content-Type: text/plain; charset=utf-8"),
        part("options", json.dumps(OPTIONS), "Content-Type:"),
        part("options", json.dumps(OPTIONS), "Content-Type: application/json", filename="options.json"),
        part("options", json.dumps(OPTIONS), filename="blob"),
        part("options", json.dumps({**OPTIONS, "mood": {"a": [1]}, "sampler": None, "width": None})),
        part("options", "{}") + part("options", json.dumps(OPTIONS)),
        part("options", json.dumps({**OPTIONS, "init_image_mode": "IMAGE_STRENGTH", "image_strength": 1.0})),
        part("options", json.dumps({**OPTIONS, "init_image_mode": [], "image_strength": "much"})),
    ],
    ids=["plain", "pretty", "json", "text", "empty type", "file", "blob", "nulls", "duplicate", "later words", "odd"],
)
def test_v1alpha_options_in_many_spellings(client: Client, server: Server, options: bytes) -> None:
    """A plain field with JSON in it, with or without type and filename; words it does not know are ignored."""
    answer = send(server, "v1alpha", options, INIT_PART)

    plain = image_to_image(client, "v1alpha", INIT, SMALL, **OPTIONS)
    assert answer.status == 200, answer.body
    assert answer.body == plain.content


def test_v1alpha_picture_without_filename_and_type(server: Server) -> None:
    """In v1alpha too a part is a file by its name, whatever stands first."""
    options = part("options", json.dumps({**OPTIONS, "step_schedule_start": 0.0}))
    answers = [
        send(server, "v1alpha", options, INIT_PART),
        send(server, "v1alpha", part("init_image", INIT, "Content-Type: text/plain", filename="x.txt"), options),
    ]

    assert answers[0].body == answers[1].body
    assert (picture(answers[0]) == artifact_pixels(_wrapped(INIT))).all()


def test_v1alpha_ignores_the_brackets_of_later_versions(server: Server) -> None:
    """Without ``options`` there are no prompts, whatever else is sent."""
    answer = send(server, "v1alpha", INIT_PART, FOX, SEED)

    assert_error(answer, "v1alpha", 400, "bad_request", '"options" is missing from body')


@newer_versions
def test_prompts_keep_their_characters(client: Client, server: Server, version: str) -> None:
    """UTF-8, line breaks and quotes arrive as they were sent."""
    text = 'ein Füchslein\r\n"im" Schnee 🦊'
    answer = send(server, version, INIT_PART, part("text_prompts[0][text]", text), SEED)

    assert answer.body == image_to_image(client, version, INIT, SMALL, text_prompts=[{"text": text}], seed=5).content
    assert text_to_image(client, version, text_prompts=[{"text": text}]).status_code == 200


def _wrapped(data: bytes) -> dict[str, Any]:
    return {"artifacts": [{"base64": base64.b64encode(data).decode()}]}


def _png_of(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels, "RGB").save(buffer, "PNG")
    return buffer.getvalue()
