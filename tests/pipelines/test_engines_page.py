"""What the page on real engines says of samplers and guidance is what the pipeline does."""

from __future__ import annotations

import inspect

import torch

from engines.diffusion import samplers
from engines.diffusion.guidance import PRESETS
from engines.diffusion.schedule import plan
from engines.types import Sampler
from tests.docs.pages import tables

PAGE = "docs/engines.md"
CONFIG = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
STEPS = 20


def _row(sampler: Sampler) -> tuple[str, ...]:
    scheduler = samplers.make(sampler, CONFIG)
    karras = scheduler.config.get("use_karras_sigmas", False)
    calls = plan(scheduler, STEPS, 1.0, 0.0, torch.device("cpu")).total
    draws = "generator" in inspect.signature(scheduler.step).parameters and sampler not in {
        Sampler.DDIM,  # draws with eta above 0 only
        Sampler.K_EULER,  # with churn only
        Sampler.K_DPMPP_2M,  # as an SDE only
    }
    return (
        f"`{sampler}`",
        type(scheduler).__name__,
        {STEPS: "N", 2 * STEPS - 1: "2N - 1"}[calls],
        "yes" if karras else "no",
        "yes" if draws else "no",
    )


def test_the_samplers_are_those_of_the_page() -> None:
    """Class, calls of the UNet, spacing and noise of every sampler."""
    assert sorted(tables(PAGE, "Samplers")[0]) == sorted(_row(sampler) for sampler in Sampler)


def test_the_guidance_presets_are_those_of_the_page() -> None:
    """Cut-outs, share, strength and gradient of every preset."""
    expected = [
        (f"`{name}`", str(one.cutouts), str(one.share), str(one.strength), "yes" if one.through_unet else "no")
        for name, one in PRESETS.items()
    ]

    assert tables(PAGE, "CLIP guidance")[0] == expected
