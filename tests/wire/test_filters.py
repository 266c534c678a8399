"""Prompts that are refused, and pictures that come back blurred and free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.pictures import pixels, png
from tests.running import Client, Server
from tests.wire.asking import credits_of, every_version, image_to_image, masking, picture, text_to_image, upscale
from tests.wire.refusing import assert_error

TRIPS = [{"text": "a nude figure in charcoal"}]


def roughness(shown: np.ndarray) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(shown, axis=1)).mean())


@every_version
def test_filtered_picture_in_json(client: Client, version: str) -> None:
    """200 with ``CONTENT_FILTERED`` for every sample, seeds included, and nothing is charged."""
    before = credits_of(client, version)
    answer = text_to_image(client, version, text_prompts=TRIPS, samples=3, seed=7)

    found = [(one["seed"], one["finishReason"]) for one in answer.json()["artifacts"]]
    assert answer.status_code == 200
    assert found == [(7, "CONTENT_FILTERED"), (8, "CONTENT_FILTERED"), (9, "CONTENT_FILTERED")]
    assert credits_of(client, version) == before


@every_version
def test_filtered_picture_as_png(client: Client, version: str) -> None:
    """The header says it; the picture is blurred and of the right size."""
    before = credits_of(client, version)
    answer = text_to_image(client, version, text_prompts=TRIPS, width=576, headers={"Accept": "image/png"})

    assert answer.status_code == 200
    assert answer.headers["Finish-Reason"] == "CONTENT_FILTERED"
    assert pixels(answer.content).shape == (512, 576, 3)
    assert credits_of(client, version) == before


def test_filtered_picture_is_blurred(make_server: Callable[..., Server], client: Client) -> None:
    """Nothing of it can be made out: it is far smoother than the same picture without the filter."""
    open_server = make_server(UNDERSTUDY_OUTPUT_WORDS="off")
    with Client(open_server.url) as free:
        clear = picture(text_to_image(free, "v1", text_prompts=TRIPS))
        assert text_to_image(free, "v1", text_prompts=TRIPS).json()["artifacts"][0]["finishReason"] == "SUCCESS"
    blurred = picture(text_to_image(client, "v1", text_prompts=TRIPS))

    assert roughness(blurred) < roughness(clear) / 3
    assert np.abs(blurred - clear).mean() < 60


@every_version
def test_filter_looks_at_every_task(client: Client, version: str) -> None:
    """Image-to-image and masking too, free of charge."""
    before = credits_of(client, version)
    answers = [
        image_to_image(client, version, png(), text_prompts=TRIPS),
        masking(client, version, png(), png(), "MASK_IMAGE_WHITE", text_prompts=TRIPS),
    ]

    assert [one.json()["artifacts"][0]["finishReason"] for one in answers] == ["CONTENT_FILTERED"] * 2
    assert credits_of(client, version) == before


def test_filter_looks_at_upscaling(client: Client) -> None:
    """For the engine that reads prompts; the other one has none to look at."""
    before = credits_of(client)
    latent = upscale(client, png(64, 64), "stable-diffusion-x4-latent-upscaler", text_prompts=TRIPS)

    assert latent.json()["artifacts"][0]["finishReason"] == "CONTENT_FILTERED"
    assert credits_of(client) == before
    assert upscale(client, png(64, 64), text_prompts=TRIPS).json()["artifacts"][0]["finishReason"] == "SUCCESS"


@every_version
def test_asking_for_less_of_it_does_not_trip(client: Client, version: str) -> None:
    """A negative prompt that keeps something out of the picture is the usual way to be careful."""
    prompts = [{"text": "a figure in charcoal"}, {"text": "nude", "weight": -1}]
    answer = text_to_image(client, version, text_prompts=prompts)

    assert answer.json()["artifacts"][0]["finishReason"] == "SUCCESS"


@every_version
def test_filtered_picture_needs_its_price_all_the_same(penniless: Client, version: str) -> None:
    """The whole price is set aside before anybody can know."""
    assert_error(text_to_image(penniless, version, text_prompts=TRIPS), version, 429, "insufficient_balance")


@every_version
@pytest.mark.parametrize(
    "text", ["snuff film", "Snuff Film", "SNUFF   FILM", "a snuff-film, please", "snüff film", "x\nsnuff\tfilm\ny"]
)
def test_refused_prompt_in_many_spellings(client: Client, version: str, text: str) -> None:
    """Case, accents and what stands between the words do not help."""
    answer = text_to_image(client, version, text_prompts=[{"text": "a meadow"}, {"text": text}])

    assert_error(answer, version, 400, "invalid_prompts", "Invalid prompts detected")


@every_version
@pytest.mark.parametrize("text", ["snuff", "a film", "snuffing filming", "Essex and Sussex", "assassin", "grape"])
def test_innocent_prompt(client: Client, version: str, text: str) -> None:
    """Entries are compared as whole words."""
    assert text_to_image(client, version, text_prompts=[{"text": text}]).status_code == 200


def test_refused_prompt_in_every_task(client: Client) -> None:
    """Forms and ``options`` are filtered like JSON."""
    prompts = [{"text": "snuff film", "weight": -1}]
    for version in ("v1", "v1beta", "v1alpha"):
        for answer in (
            image_to_image(client, version, png(), text_prompts=prompts),
            masking(client, version, png(), png(), "MASK_IMAGE_WHITE", text_prompts=prompts),
        ):
            assert_error(answer, version, 400, "invalid_prompts", "Invalid prompts detected")


def test_lists_of_ones_own(make_server: Callable[..., Server], tmp_path: Path) -> None:
    """A file of one's own replaces the list that comes with the server."""
    (tmp_path / "prompt.txt").write_text("# mine\nbroccoli\n")
    (tmp_path / "output.txt").write_text("spinach\n")
    server = make_server(
        UNDERSTUDY_PROMPT_WORDS=str(tmp_path / "prompt.txt"), UNDERSTUDY_OUTPUT_WORDS=str(tmp_path / "output.txt")
    )
    with Client(server.url) as client:
        refused = text_to_image(client, "v1", text_prompts=[{"text": "broccoli"}])
        blurred = text_to_image(client, "v1", text_prompts=[{"text": "spinach"}])
        fine = text_to_image(client, "v1", text_prompts=[{"text": "snuff film"}])

    assert_error(refused, "v1", 400, "invalid_prompts")
    assert blurred.json()["artifacts"][0]["finishReason"] == "CONTENT_FILTERED"
    assert fine.json()["artifacts"][0]["finishReason"] == "SUCCESS"
