"""The safety checker as callers meet it, and what they get where weights are missing or have just come."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.pictures import pixels, png
from tests.pipelines.serving import Tiny, patient, write_engines
from tests.running import Client, Server, rows
from tests.store.servers import wait_until
from tests.wire.asking import (
    SMALL,
    SMALL_SIZE,
    credits_of,
    every_version,
    image_to_image,
    masking,
    path,
    picture,
    text_to_image,
    upscale,
)

ENGINE = "stable-diffusion-v1-6"
SIZE = {"width": 512, "height": 512}
"""Larger than what costs nothing."""


@pytest.fixture(scope="module")
def tripping(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checker that objects to every picture."""
    import torch
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    folder: Path = shutil.copytree(tiny("safety"), tmp_path_factory.mktemp("checker") / "all") / "safety_checker"
    checker = StableDiffusionSafetyChecker.from_pretrained(folder, local_files_only=True)
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(-2)
    checker.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def strict_server(tiny: Tiny, tripping: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that lets no picture pass, and lacks the model that guidance needs."""
    home = tmp_path_factory.mktemp("strict") / "home"
    words = f'[safety]\npath = "{tripping}"\n[guidance]\nhub = "nobody/clip"\n'
    file = write_engines(home.with_name("engines.toml"), tiny, top=words)
    options = ("--engines", "diffusers", "--engines-file", str(file))
    with Server(home, *options, UNDERSTUDY_OUTPUT_WORDS="off", UNDERSTUDY_THREADS="1") as running:
        yield running


@pytest.fixture
def strict(strict_server: Server) -> Iterator[Client]:
    """A client of it."""
    with patient(strict_server) as session:
        yield session


@every_version
def test_an_unsafe_picture_is_marked_blurred_and_free(strict: Client, real: Client, version: str) -> None:
    """``CONTENT_FILTERED`` for every sample, in JSON; nothing can be made out, and nothing is charged."""
    before = credits_of(strict)

    answer = text_to_image(strict, version, ENGINE, samples=2, **SIZE)

    assert [one["finishReason"] for one in answer.json()["artifacts"]] == ["CONTENT_FILTERED"] * 2
    assert credits_of(strict) == before
    clear = picture(text_to_image(real, version, ENGINE, samples=2, **SIZE))
    assert roughness(picture(answer)) < roughness(clear) / 3


@every_version
def test_an_unsafe_png_is_marked_in_the_header(strict: Client, version: str) -> None:
    """``Finish-Reason`` says it where there is no JSON to say it in."""
    answer = text_to_image(strict, version, SMALL, headers={"Accept": "image/png"}, **SMALL_SIZE)

    assert answer.headers["Finish-Reason"] == "CONTENT_FILTERED"
    assert pixels(answer.content).shape == (128, 128, 3)


def test_every_task_is_looked_at(strict: Client) -> None:
    """Also what was made of a caller's picture, and an upscaler's work."""
    answers = [
        image_to_image(strict, "v1", png(320, 320), ENGINE),
        masking(strict, "v1", png(320, 320), png(320, 320), "MASK_IMAGE_WHITE", ENGINE),
        upscale(strict, png(64, 64)),
    ]

    assert [one.json()["artifacts"][0]["finishReason"] for one in answers] == ["CONTENT_FILTERED"] * 3


@every_version
def test_without_the_weights_of_guidance_a_preset_fails(strict: Client, strict_server: Server, version: str) -> None:
    """500 and no charge for who asks for guidance, and a log line with the command; ``NONE`` is served."""
    before = credits_of(strict)

    failed = text_to_image(strict, version, ENGINE, clip_guidance_preset="SIMPLE", **SIZE)

    assert (failed.status_code, failed.json()["name"]) == (500, "server_error")
    assert credits_of(strict) == before
    assert text_to_image(strict, version, SMALL, clip_guidance_preset="NONE", **SMALL_SIZE).status_code == 200
    complaints = [row for row in rows(strict_server.output()) if row.get("weights") == "guidance"]
    assert {row["mend"] for row in complaints} == {"understudy engines pull guidance"}
    assert not [row for row in rows(strict_server.output()) if "trace" in row]


def test_weights_that_come_while_serving_are_used(
    make_server: Callable[..., Server], tiny: Tiny, tripping: Path, tmp_path: Path
) -> None:
    """First no engine, then one that must not draw unchecked, then pictures: all without a restart."""
    file = tmp_path / "engines.toml"
    sources = f'[engines.{ENGINE}]\npath = "model"\n[safety]\npath = "checker"\n'
    file.write_text(f'only = true\n[defaults]\ndevice = "cpu"\ndtype = "float32"\n{sources}')
    env = {"UNDERSTUDY_THREADS": "1", "UNDERSTUDY_OUTPUT_WORDS": "off"}
    server = make_server("--engines", "diffusers", "--engines-file", str(file), **env)

    with patient(server) as client:

        def status() -> int:
            return client.post(path("v1", engine=ENGINE), json={"text_prompts": [{"text": "a fox"}]}).status_code

        assert (client.get("/v1/engines/list").json(), status()) == ([], 404)
        shutil.copytree(tiny("sd1"), tmp_path / "model")
        wait_until(lambda: [one["id"] for one in client.get("/v1/engines/list").json()] == [ENGINE])
        assert status() == 500
        shutil.copytree(tripping, tmp_path / "checker")
        shutil.copy(tripping.parent / "feature_extractor" / "preprocessor_config.json", tmp_path / "checker")
        wait_until(lambda: status() == 200, seconds=60)


def roughness(shown: np.ndarray) -> float:
    """How much neighbouring pixels differ."""
    return float(np.abs(np.diff(shown, axis=1)).mean())
