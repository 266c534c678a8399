"""What a successful generation looks like, to the byte."""

from __future__ import annotations

import base64
import json
import re

import pytest

from tests.pictures import pixels, png
from tests.running import Client
from tests.wire.asking import every_version, image_to_image, masking, newer_versions, text_to_image, upscale

ARTIFACT = rb'\{"base64":"[A-Za-z0-9+/]+=*","seed":\d+,"finishReason":"SUCCESS"\}'
PNG = {"Accept": "image/png"}


@every_version
def test_json_is_compact_with_artifacts_alone_at_the_top(client: Client, version: str) -> None:
    """The body is ``{"artifacts":[{"base64":…,"seed":…,"finishReason":…}]}`` in this order, without blanks."""
    answer = text_to_image(client, version, samples=2)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert re.fullmatch(rb'\{"artifacts":\[' + ARTIFACT + rb"," + ARTIFACT + rb"\]\}", answer.content)


@every_version
def test_base64_holds_a_png_of_the_size_asked_for(client: Client, version: str) -> None:
    """Decoded, an artifact is an 8-bit RGB PNG of the requested width and height."""
    answer = text_to_image(client, version, width=576, height=512)

    data = base64.b64decode(answer.json()["artifacts"][0]["base64"], validate=True)
    assert data[24:26] == bytes([8, 2]), "bit depth and colour type"
    assert pixels(data).shape == (512, 576, 3)


@every_version
def test_image_png_answers_the_bytes_with_seed_and_finish_reason(client: Client, version: str) -> None:
    """``Accept: image/png`` gives the PNG itself; its seed and how it ended stand in headers."""
    answer = text_to_image(client, version, headers=PNG, seed=77)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert (answer.headers["Seed"], answer.headers["Finish-Reason"]) == ("77", "SUCCESS")
    assert answer.content[24:26] == bytes([8, 2])
    assert pixels(answer.content).shape == (512, 512, 3)


@every_version
def test_json_and_png_hold_the_same_bytes(client: Client, version: str) -> None:
    """The same request gives the same PNG in both forms."""
    as_json = text_to_image(client, version).json()["artifacts"][0]
    as_png = text_to_image(client, version, headers=PNG)

    assert base64.b64decode(as_json["base64"]) == as_png.content
    assert str(as_json["seed"]) == as_png.headers["Seed"]


@every_version
def test_json_carries_no_picture_headers(client: Client, version: str) -> None:
    """``Seed`` and ``Finish-Reason`` belong to PNG answers."""
    answer = text_to_image(client, version)

    assert "Seed" not in answer.headers
    assert "Finish-Reason" not in answer.headers


def test_the_same_request_gives_the_same_picture_in_every_version(client: Client) -> None:
    """Versions differ in their words, not in their pictures."""
    answers = {text_to_image(client, version).content for version in ("v1", "v1beta", "v1alpha")}

    assert len(answers) == 1


def test_the_same_init_image_gives_the_same_picture_in_every_version(client: Client) -> None:
    """A schedule in v1alpha's words equals the strength in the later ones."""
    older = image_to_image(client, "v1alpha", png(), step_schedule_start=0.5)
    newer = [image_to_image(client, version, png(), image_strength=0.5) for version in ("v1", "v1beta")]

    assert {answer.content for answer in newer} == {older.content}


def test_the_same_mask_gives_the_same_picture_in_every_version(client: Client) -> None:
    """Masking too is one thing in three dialects."""
    mask = png(mode="L")
    answers = {masking(client, v, png(), mask, "MASK_IMAGE_WHITE").content for v in ("v1", "v1beta", "v1alpha")}

    assert len(answers) == 1


@every_version
@pytest.mark.parametrize("accept", ["application/json", "image/png"])
def test_every_task_answers_in_both_forms(client: Client, version: str, accept: str) -> None:
    """Image-to-image and masking are answered like text-to-image."""
    client.headers["Accept"] = accept
    answers = [
        image_to_image(client, version, png()),
        masking(client, version, png(), png(mode="L"), "MASK_IMAGE_BLACK"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert {answer.headers["content-type"] for answer in answers} == {accept}


@pytest.mark.parametrize("accept", ["application/json", "image/png"])
def test_upscaling_answers_in_both_forms(client: Client, accept: str) -> None:
    """Upscaling too, and its seed is 0."""
    answer = upscale(client, png(64, 64), headers={"Accept": accept})

    seed = answer.headers.get("Seed") if accept == "image/png" else str(answer.json()["artifacts"][0]["seed"])
    assert answer.headers["content-type"] == accept
    assert seed == "0"


@every_version
def test_an_equal_request_gives_equal_bytes(client: Client, version: str) -> None:
    """With a seed of its own a request can be repeated."""
    assert text_to_image(client, version).content == text_to_image(client, version).content


@newer_versions
def test_the_answer_is_an_object_not_the_published_array(client: Client, version: str) -> None:
    """Clients read ``artifacts``; the array of the published document was never sent."""
    body = json.loads(text_to_image(client, version).content)

    assert list(body) == ["artifacts"]
    assert list(body["artifacts"][0]) == ["base64", "seed", "finishReason"]
