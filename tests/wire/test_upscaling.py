"""Upscaling: exact sizes, limits, prompts for the engine that reads them, seed 0 for the one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.pictures import pixels, png
from tests.running import Client
from tests.wire.asking import every_version, picture, upscale
from tests.wire.refusing import assert_error

ESRGAN, LATENT = "esrgan-v1-x2plus", "stable-diffusion-x4-latent-upscaler"
IMAGE = png(300, 200)


@pytest.mark.parametrize(
    ("engine", "fields", "size"),
    [
        (ESRGAN, {}, (600, 400)),
        (LATENT, {}, (1200, 800)),
        (ESRGAN, {"width": 900}, (900, 600)),
        (ESRGAN, {"height": 1000}, (1500, 1000)),
        (LATENT, {"width": 600}, (600, 400)),
        (LATENT, {"height": 512}, (768, 512)),
        (ESRGAN, {"width": 1001}, (1001, 667)),
    ],
)
def test_size_of_the_answer(client: Client, engine: str, fields: dict[str, int], size: tuple[int, int]) -> None:
    """Twice or four times the input, or the width or height asked for; proportions are kept."""
    assert picture(upscale(client, IMAGE, engine, **fields)).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("engine", [ESRGAN, LATENT])
@pytest.mark.parametrize(
    ("sent", "fields", "size"),
    [
        ((150, 101), {"width": 512}, (512, 345)),
        ((150, 101), {"width": 515}, (515, 347)),
        ((101, 150), {"height": 512}, (345, 512)),
        ((101, 150), {"height": 515}, (347, 515)),
    ],
)
def test_the_other_side_is_rounded_to_the_nearest(
    client: Client, engine: str, sent: tuple[int, int], fields: dict[str, int], size: tuple[int, int]
) -> None:
    """344.7 pixels are 345 and 346.8 are 347: not less, as if the rest were cut off."""
    assert picture(upscale(client, png(*sent), engine, **fields)).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("engine", [ESRGAN, LATENT])
def test_answer_resembles_the_input(client: Client, engine: str) -> None:
    """Made small again it is what was sent, give or take a few shades."""
    answer = picture(upscale(client, IMAGE, engine)).astype(np.uint8)

    small = np.asarray(Image.fromarray(answer, "RGB").resize((300, 200), Image.Resampling.BOX)).astype(np.int16)
    assert np.abs(small - pixels(IMAGE)).mean() < 4


@pytest.mark.parametrize("engine", [ESRGAN, LATENT])
def test_width_and_height_together(client: Client, engine: str) -> None:
    """One of them at most."""
    answer = upscale(client, IMAGE, engine, width=600, height=600)

    assert_error(answer, "v1", 400, "bad_request", "height: cannot be sent together with width")


@pytest.mark.parametrize("side", ["width", "height"])
def test_side_under_512(client: Client, side: str) -> None:
    """The document's bound."""
    text = f"{side}: must be greater than or equal to 512"

    assert_error(upscale(client, IMAGE, **{side: 511}), "v1", 400, "bad_request", text)


@pytest.mark.parametrize(
    ("engine", "size", "fields"),
    [
        (ESRGAN, (1024, 1025), {}),
        (ESRGAN, (2000, 600), {"width": 1000}),
        (ESRGAN, (512, 512), {"width": 2049}),
        (ESRGAN, (1000, 1000), {"height": 4096}),
        (LATENT, (628, 627), {}),
        (LATENT, (600, 656), {"width": 2400}),
        (LATENT, (512, 512), {"width": 2600}),
    ],
)
def test_too_many_pixels(client: Client, engine: str, size: tuple[int, int], fields: dict[str, int]) -> None:
    """Input and output have limits of their own for each engine."""
    answer = upscale(client, png(*size), engine, **fields)

    body = assert_error(answer, "v1", 400, "invalid_pixel_count")
    assert "but we received" in body["message"]


@pytest.mark.parametrize(
    ("engine", "size", "fields", "width"),
    [(ESRGAN, (1024, 1024), {}, 2048), (LATENT, (768, 512), {}, 3072), (LATENT, (512, 512), {"width": 2496}, 2496)],
)
def test_as_many_pixels_as_allowed(
    client: Client, engine: str, size: tuple[int, int], fields: dict[str, int], width: int
) -> None:
    """The limits themselves are allowed."""
    answer = upscale(client, png(*size), engine, headers={"Accept": "image/png"}, **fields)

    assert answer.status_code == 200
    assert pixels(answer.content).shape[1] == width


def test_esrgan_answers_seed_zero_and_ignores_prompts(client: Client) -> None:
    """It draws nothing at random: prompts, seed and steps change nothing."""
    plain = upscale(client, IMAGE)
    told = upscale(client, IMAGE, text_prompts=[{"text": "sharp"}], seed=5, steps=20, cfg_scale=3)

    assert plain.json()["artifacts"][0]["seed"] == 0
    assert told.content == plain.content


def test_latent_upscaler_takes_prompt_seed_steps_and_scale(client: Client) -> None:
    """Each of them changes the texture; the seed is reported."""
    words = {"text_prompts": [{"text": "sharp"}], "seed": 5, "steps": 20, "cfg_scale": 3.0}
    changes = [{"text_prompts": [{"text": "soft"}]}, {"seed": 6}, {"steps": 30}, {"cfg_scale": 9.0}]
    first = upscale(client, IMAGE, LATENT, **words)
    others = [upscale(client, IMAGE, LATENT, **{**words, **change}) for change in changes]

    assert first.json()["artifacts"][0]["seed"] == 5
    assert first.content == upscale(client, IMAGE, LATENT, **words).content
    pictures = [picture(answer) for answer in (first, *others)]
    assert all((pictures[0] != other).any() for other in pictures[1:])


def test_latent_upscaler_reports_the_seed_it_drew(client: Client) -> None:
    """Without a seed it draws one, says which, and draws the same with it."""
    free = upscale(client, IMAGE, LATENT)
    seed = free.json()["artifacts"][0]["seed"]

    assert 0 < seed < 2**32
    assert upscale(client, IMAGE, LATENT, seed=seed).content == free.content


def test_filtered_prompt_for_the_latent_upscaler(client: Client) -> None:
    """Its prompts pass the same filter."""
    answer = upscale(client, IMAGE, LATENT, text_prompts=[{"text": "snuff film"}])

    assert_error(answer, "v1", 400, "invalid_prompts", "Invalid prompts detected")


@pytest.mark.parametrize("data", [b"text", png()[:50]])
def test_no_picture(client: Client, data: bytes) -> None:
    """400 that names the field."""
    text = "image: must be a PNG, JPEG or WebP picture"

    assert_error(upscale(client, data), "v1", 400, "invalid_mime_type", text)


def test_missing_picture(client: Client) -> None:
    """``image: is required``."""
    answer = client.post("/v1/generation/esrgan-v1-x2plus/image-to-image/upscale", files={"width": (None, "512")})

    assert_error(answer, "v1", 400, "bad_request", "image: is required")


@every_version
def test_upscalers_are_listed_in_every_version(client: Client, version: str) -> None:
    """Also where they cannot be called."""
    assert ESRGAN in client.get(f"/{version}/engines/list").text
