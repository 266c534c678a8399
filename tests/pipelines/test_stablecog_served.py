"""Stablecog on real engines: sizes off the grid of their latents, its schedulers, and pictures to start from."""

from __future__ import annotations

import numpy as np
import pytest

from app.dialects.stablecog.models import ALL, Scheduler
from tests.running import Client
from tests.wire.asking import picture, text_to_image
from tests.wire.stablecog_asking import BASE, SEED, ask, models, outputs, settings, shown, size

WIDE, HIGH = 264, 296
"""Odd multiples of 8: 33 and 37 latents, which neither networks that halve them nor patches of two divide."""
KINDS = (
    *("stable-diffusion-v1-5", "stable-diffusion-512-v2-1", "stable-diffusion-768-v2-1", "stable-diffusion-depth-v2-0"),
    *("stable-inpainting-v1-0", "stable-diffusion-xl-1024-v1-0", "sd-core", "sd3-medium", "sd3-large-turbo"),
)
"""An engine of each kind of network."""


@pytest.mark.parametrize("engine", KINDS)
def test_any_multiple_of_8(real: Client, engine: str) -> None:
    """The picture has exactly the size that was asked for, and the same again has the same pixels."""
    wanted = {"model_id": engine, "width": WIDE, "height": HIGH}

    first, again = ask(real, **wanted), ask(real, **wanted)

    assert size(real, first) == (WIDE, HIGH)
    assert shown(real, first).std() > 1
    assert (shown(real, first) == shown(real, again)).all()


@pytest.mark.parametrize("engine", [engine for engine in KINDS if engine != "sd-core"])
def test_starting_from_a_picture(real: Client, engine: str) -> None:
    """In such a size too; at strength 0 the picture comes back, at 1 it does not count."""
    url = outputs(ask(real, model_id=engine, width=WIDE, height=HIGH, seed=1))[0]["url"]
    given = shown(real, ask(real, model_id=engine, width=WIDE, height=HIGH, seed=1))

    drawn = {
        strength: shown(
            real,
            ask(real, model_id=engine, width=WIDE, height=HIGH, init_image_url=url, prompt_strength=strength),
        )
        for strength in (0, 0.5)
    }

    assert (drawn[0] == given).all()
    assert drawn[0.5].shape == given.shape
    assert np.abs(drawn[0.5] - given).mean() > 1


@pytest.mark.parametrize("scheduler", ALL, ids=lambda one: one.name)
def test_every_scheduler(real: Client, scheduler: Scheduler) -> None:
    """Each draws with a real engine."""
    answer = ask(real, model_id="stable-diffusion-v1-5", scheduler_id=scheduler.id)

    assert settings(answer)["scheduler_id"] == scheduler.id
    assert shown(real, answer).std() > 1


def test_the_default_scheduler_is_the_engines_own(real: Client) -> None:
    """Named or not, and in another contract without a sampler, the picture is the same."""
    wanted = {"model_id": "stable-diffusion-v1-6", "width": 320, "height": 384}
    unnamed = ask(real, **wanted)
    named = ask(real, **wanted, scheduler_id=settings(unnamed)["scheduler_id"])

    theirs = picture(text_to_image(real, "v1", width=320, height=384, seed=SEED, steps=10))

    assert (shown(real, unnamed) == shown(real, named)).all()
    assert (shown(real, unnamed) == theirs).all()


def test_the_models_are_those_whose_weights_are_there(real: Client) -> None:
    """Here all of them, drawn by their engines in their own size."""
    assert len(models(real)) > 15
    assert real.get(f"{BASE}/defaults").json()["width"] == 768
