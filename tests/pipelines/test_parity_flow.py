"""Stable Diffusion 3: our pictures are those of the stock pipelines of diffusers, same parts, same seed, fp32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.types import GenerationRequest, Prompt, Sampler, Task
from tests.pipelines.stock import REQUEST, Pair, block, difference, pair, photo

Tiny = Callable[[str], Path]

TEXT, IMAGE, INPAINT = (f"StableDiffusion3{name}Pipeline" for name in ("", "Img2Img", "Inpaint"))
FLOW = replace(REQUEST, sampler=None)

every_kind = pytest.mark.parametrize("kind", ["sd3", "sd3-no-t5", "sd3.5"])


def text_to_image(models: Pair, request: GenerationRequest) -> int:
    theirs = models.theirs(TEXT, request, width=request.width, height=request.height)
    return difference(models.ours(request), theirs)


@pytest.mark.parametrize("seed", [7, 0, 4294967295])
@every_kind
def test_text_to_image(tiny: Tiny, kind: str, seed: int) -> None:
    """With T5 and without it, with a fixed schedule or one that depends on the size, the picture is the stock one."""
    assert text_to_image(pair(tiny(kind)), replace(FLOW, seed=seed)) <= 1


@pytest.mark.parametrize(("width", "height", "steps"), [(64, 160, 1), (256, 256, 4), (336, 144, 11)])
@every_kind
def test_sizes_and_steps(tiny: Tiny, kind: str, width: int, height: int, steps: int) -> None:
    """From a single step on, in every shape."""
    assert text_to_image(pair(tiny(kind)), replace(FLOW, width=width, height=height, steps=steps)) <= 1


@pytest.mark.parametrize("cfg_scale", [0.0, 0.5, 1.0, 1.5, 4.5, 20.0])
def test_every_scale(tiny: Tiny, cfg_scale: float) -> None:
    """Guided above 1, and in a single pass from 1 down, as the stock pipeline has it."""
    assert text_to_image(pair(tiny("sd3")), replace(FLOW, cfg_scale=cfg_scale)) <= 1


@every_kind
def test_without_a_negative_prompt(tiny: Tiny, kind: str) -> None:
    """An absent negative prompt is an encoded empty text."""
    assert text_to_image(pair(tiny(kind)), replace(FLOW, prompts=(Prompt("a red fox"),))) <= 1


@pytest.mark.parametrize("length", [70, 76, 200, 300])
def test_long_prompts(tiny: Tiny, length: int) -> None:
    """CLIP reads up to its 77 tokens and T5 up to its 256, as in the stock pipeline; a letter is a token here."""
    text = ("a red fox in fresh snow under tall pines " * 10)[:length].strip()
    assert text_to_image(pair(tiny("sd3")), replace(FLOW, prompts=(Prompt(text), Prompt("blurry", -1.0)))) <= 1


@pytest.mark.parametrize("strength", [0.05, 0.3, 0.55, 0.75, 0.99])
@every_kind
def test_image_to_image(tiny: Tiny, kind: str, strength: float) -> None:
    """Starting late from a noised picture gives the stock picture, for whole and for broken numbers of steps."""
    models, request = pair(tiny(kind)), _image_request(strength, 96, 64)
    assert request.init is not None
    theirs = models.theirs(IMAGE, request, image=Image.fromarray(request.init), strength=strength, width=96, height=64)
    assert difference(models.ours(request), theirs) <= 1


@pytest.mark.parametrize("strength", [1.0, 0.5])
@every_kind
def test_masking(tiny: Tiny, kind: str, strength: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine of the owner's own that takes masks changes what is masked as the stock pipeline does."""
    models = pair(tiny(kind))
    vae = models.parts.vae
    decode, shift = vae.decode, vae.config.shift_factor
    request = replace(_image_request(strength, 96, 64), task=Task.MASKING, mask=block(96, 64))
    assert request.init is not None
    assert request.mask is not None
    # This one of the stock pipelines forgets the shift of the latents when it decodes them.
    monkeypatch.setattr(vae, "decode", lambda latents, **options: decode(latents + shift, **options))
    theirs = models.theirs(
        INPAINT,
        request,
        image=Image.fromarray(request.init),
        mask_image=Image.fromarray(request.mask),
        strength=strength,
        width=96,
        height=64,
    )
    monkeypatch.undo()
    expected = np.where(request.mask[..., None] == 255, theirs, request.init)
    assert difference(models.ours(request), expected) <= 1


def test_the_choice_of_a_sampler_changes_nothing(tiny: Tiny) -> None:
    """The ten samplers are for other models; whichever is named, a flow model is sampled by the one that is its own."""
    models = pair(tiny("sd3"))
    expected = models.ours(FLOW)

    assert all(np.array_equal(models.ours(replace(FLOW, sampler=sampler)), expected) for sampler in Sampler)


def _image_request(strength: float, width: int, height: int) -> GenerationRequest:
    return replace(
        FLOW,
        task=Task.IMAGE_TO_IMAGE,
        schedule_start=strength,
        width=width,
        height=height,
        init=photo(width, height),
        steps=10,
    )
