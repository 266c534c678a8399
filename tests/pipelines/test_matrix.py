"""Every engine, every task, every sampler, through the HTTP API on real pipelines."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engines.types import EngineCard, Sampler
from tests.pictures import png
from tests.pipelines.serving import DRAWING, size_of
from tests.running import Client
from tests.wire.asking import image_to_image, masking, picture, text_to_image, upscale

every_engine = pytest.mark.parametrize("card", DRAWING, ids=lambda card: card.id)
every_sampler = pytest.mark.parametrize("sampler", [sampler.value for sampler in Sampler])


def small(card: EngineCard) -> bytes:
    """A picture in the engine's small size."""
    return png(*size_of(card))


@every_engine
@every_sampler
def test_text_to_image(real: Client, card: EngineCard, sampler: str) -> None:
    """A picture of the size asked for, with something in it."""
    width, height = size_of(card)

    drawn = picture(text_to_image(real, "v1", engine=card.id, sampler=sampler, width=width, height=height))

    assert drawn.shape == (height, width, 3)
    assert drawn.std() > 1


@every_engine
@every_sampler
def test_image_to_image(real: Client, card: EngineCard, sampler: str) -> None:
    """A picture as large as the one that was sent, and not the same."""
    sent = small(card)

    drawn = picture(
        image_to_image(
            real, "v1", sent, engine=card.id, sampler=sampler, init_image_mode="IMAGE_STRENGTH", image_strength=0.4
        )
    )

    given = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB")).astype(np.int16)
    assert drawn.shape == given.shape
    assert np.abs(drawn - given).mean() > 1


@every_engine
@every_sampler
def test_masking(real: Client, card: EngineCard, sampler: str) -> None:
    """The white half of the mask is drawn anew, the black half comes back exactly as it was sent."""
    width, height = size_of(card)
    sent = small(card)
    mask = Image.new("L", (width, height), 0)
    mask.paste(255, (0, 0, width // 2, height))
    buffer = io.BytesIO()
    mask.save(buffer, "PNG")

    drawn = picture(masking(real, "v1", sent, buffer.getvalue(), "MASK_IMAGE_WHITE", engine=card.id, sampler=sampler))

    given = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB")).astype(np.int16)
    assert np.array_equal(drawn[:, width // 2 :], given[:, width // 2 :])
    assert np.abs(drawn[:, : width // 2] - given[:, : width // 2]).mean() > 1


@every_sampler
def test_latent_upscale(real: Client, sampler: str) -> None:
    """The x4 upscaler answers with four times the sides."""
    answer = upscale(
        real,
        png(64, 96),
        engine="stable-diffusion-x4-latent-upscaler",
        steps=10,
        sampler=sampler,
        text_prompts=[{"text": "a fox"}],
    )

    assert picture(answer).shape == (384, 256, 3)


@pytest.mark.parametrize(
    ("fields", "shape"), [({}, (128, 96)), ({"width": 600}, (800, 600)), ({"height": 512}, (512, 384))]
)
def test_esrgan_upscale(real: Client, fields: dict[str, int], shape: tuple[int, int]) -> None:
    """Real-ESRGAN answers with twice the sides, or with exactly the width or the height asked for."""
    assert picture(upscale(real, png(48, 64), **fields)).shape == (*shape, 3)


def test_every_engine_is_listed(real: Client) -> None:
    """All fifteen engines are there, since the weights of all of them are."""
    listed = real.get("/v1/engines/list").json()

    assert len(listed) == 15
