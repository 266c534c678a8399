"""The owner's safety checker: what it objects to comes blurred, marked and free, through the HTTP API."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

from tests.pictures import png
from tests.pipelines.serving import Tiny, patient, write_engines
from tests.running import Client, Server
from tests.wire.asking import credits_of, every_version, image_to_image, picture, text_to_image, upscale

ENGINE = "stable-diffusion-v1-6"


@pytest.fixture(scope="module")
def strict_server(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose checker objects to every picture; its word lists are off."""
    home = tmp_path_factory.mktemp("strict")
    folder = Path(shutil.copytree(tiny("safety"), home / "checker"))
    checker = StableDiffusionSafetyChecker.from_pretrained(folder / "safety_checker", local_files_only=True)
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(-2.0)
    checker.save_pretrained(folder / "safety_checker")
    file = write_engines(home / "engines.toml", tiny, top=f'[safety]\npath = "{folder / "safety_checker"}"\n')
    env = {"UNDERSTUDY_OUTPUT_WORDS": "off", "UNDERSTUDY_THREADS": "1"}
    with Server(home / "home", "--engines", "diffusers", "--engines-file", str(file), **env) as running:
        yield running


@pytest.fixture
def strict(strict_server: Server) -> Iterator[Client]:
    """A client of that server."""
    with patient(strict_server) as session:
        yield session


@every_version
def test_an_objectionable_picture_is_marked_and_free(strict: Client, version: str) -> None:
    """200 with ``CONTENT_FILTERED`` for every sample, and the balance is what it was."""
    before = credits_of(strict, version)

    answer = text_to_image(strict, version, engine=ENGINE, samples=2)

    assert [one["finishReason"] for one in answer.json()["artifacts"]] == ["CONTENT_FILTERED"] * 2
    assert credits_of(strict, version) == before


def test_an_objectionable_picture_is_blurred(strict: Client, real: Client) -> None:
    """It is smoother than the picture of a server without a checker, and of the same size."""
    blurred, clear = (picture(text_to_image(client, "v1", engine=ENGINE)) for client in (strict, real))

    assert blurred.shape == clear.shape
    assert np.abs(np.diff(blurred, axis=1)).mean() < np.abs(np.diff(clear, axis=1)).mean() / 3


def test_every_task_is_checked(strict: Client) -> None:
    """Pictures made from pictures too, and upscaling, which reads no prompt."""
    answers = [image_to_image(strict, "v1", png(), engine=ENGINE), upscale(strict, png(48, 64))]

    assert [answer.json()["artifacts"][0]["finishReason"] for answer in answers] == ["CONTENT_FILTERED"] * 2
