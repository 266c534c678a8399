"""Stable Diffusion 3 through HTTP: by the contract that sells it, and as an engine of the owner's own by another."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures import png
from tests.pipelines.serving import patient, write_engines
from tests.running import Client, Server
from tests.wire.asking import image_to_image, masking, picture, text_to_image
from tests.wire.serevix_asking import ask, redraw, shown

OWN = "my-own-3"
SEED = 90
PROMPTS = [
    {"text": "a fox", "weight": 2},
    {"text": "snow", "weight": 0.5},
    {"text": "blurry", "weight": -0.7},
    {"text": "text", "weight": -1},
]


@pytest.fixture(scope="module")
def server(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with all engines, and one more whose weights are Stable Diffusion 3's."""
    home = tmp_path_factory.mktemp("flow") / "home"
    own = f'[engines."{OWN}"]\nlike = "stable-diffusion-v1-6"\npath = "{tiny("sd3")}"\n'
    file = write_engines(home.with_name("engines.toml"), tiny, top=own)
    env = {"UNDERSTUDY_CREDITS": "1000000", "UNDERSTUDY_OUTPUT_WORDS": "off", "UNDERSTUDY_THREADS": "1"}
    env["UNDERSTUDY_DEFAULT_STEPS"] = "10"
    with Server(home, "--engines", "diffusers", "--engines-file", str(file), **env) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A client of that server."""
    with patient(server) as session:
        yield session


def drawn(client: Client, seed: int = SEED, samples: int = 1, **changes: object) -> list[np.ndarray]:
    """The pictures of one request to the owner's engine."""
    size = {"width": 320, "height": 384}
    answer = text_to_image(client, "v1", engine=OWN, seed=seed, samples=samples, **{**size, **changes})
    return [picture(answer, index) for index in range(samples)]


@pytest.mark.parametrize("model", ["sd-core", "sd3-medium", "sd3-large-turbo", "sd3.5-large-turbo"])
def test_models_of_the_later_service(client: Client, model: str) -> None:
    """One of each kind draws a megapixel on its own weights, and equal requests draw equal pictures."""
    first, again = (shown(ask(client, model=model, aspect_ratio="21:9")) for _ in range(2))

    assert first.shape == (640, 1536, 3)
    assert first.std() > 1
    assert np.array_equal(first, again)


def test_redrawing_by_the_later_service(client: Client) -> None:
    """More strength leaves less of the picture."""
    sent = png(1024, 640)
    given = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB")).astype(np.int16)

    little, much = (shown(redraw(client, sent, strength, model="sd3-large-turbo")) for strength in (0.25, 0.9))

    assert little.shape == given.shape
    assert 0 < np.abs(little - given).mean() < np.abs(much - given).mean()


def test_a_batch_equals_single_requests(client: Client) -> None:
    """Picture i of a batch is, bit for bit, the one that its seed gives alone, with prompts of many weights."""
    together = drawn(client, samples=3, text_prompts=PROMPTS)

    for index, batched in enumerate(together):
        assert np.array_equal(batched, drawn(client, SEED + index, text_prompts=PROMPTS)[0])
    assert not np.array_equal(together[0], together[1])


@pytest.mark.parametrize("changed", [0, 1, 2, 3])
def test_every_prompt_counts(client: Client, changed: int) -> None:
    """With its text and with its weight, whether it is asked for or not."""
    texts = [{**prompt, "text": "a cat"} if index == changed else prompt for index, prompt in enumerate(PROMPTS)]
    weights = [{**prompt, "weight": 0.1} if index == changed else prompt for index, prompt in enumerate(PROMPTS)]
    expected = drawn(client, text_prompts=PROMPTS)[0]

    assert not np.array_equal(drawn(client, text_prompts=texts)[0], expected)
    assert not np.array_equal(drawn(client, text_prompts=weights)[0], expected)


def test_an_engine_of_ones_own_takes_pictures_and_masks(client: Client) -> None:
    """Weights of Stable Diffusion 3 do what the engine does that they stand in for."""
    sent = png(320, 384)
    given = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB")).astype(np.int16)
    mask = np.zeros((384, 320), np.uint8)
    mask[:, :160] = 255
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")

    redrawn = picture(image_to_image(client, "v1", sent, engine=OWN, image_strength=0.4))
    masked = picture(masking(client, "v1", sent, buffer.getvalue(), "MASK_IMAGE_WHITE", engine=OWN))

    assert np.abs(redrawn - given).mean() > 1
    assert np.array_equal(masked[:, 160:], given[:, 160:])
    assert np.abs(masked[:, :160] - given[:, :160]).mean() > 1
