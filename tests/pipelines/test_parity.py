"""Our pictures are those of the stock pipelines of diffusers: same parts, same scheduler, same seed, fp32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.types import GenerationRequest, Pixels, Prompt, Sampler, Task
from tests.pipelines.stock import REQUEST, Pair, block, difference, pair, photo

Tiny = Callable[[str], Path]

SOME = (Sampler.DDIM, Sampler.K_DPMPP_2M, Sampler.K_EULER_ANCESTRAL, Sampler.K_HEUN)
INPAINT = {"sd1": "StableDiffusionInpaintPipeline", "sd2-v": "StableDiffusionInpaintPipeline"} | {
    "sdxl": "StableDiffusionXLInpaintPipeline",
    "inpainting": "StableDiffusionInpaintPipeline",
}


def text_to_image(models: Pair, request: GenerationRequest) -> int:
    name = "StableDiffusionXLPipeline" if len(models.parts.text_encoders) == 2 else "StableDiffusionPipeline"
    theirs = models.theirs(name, request, width=request.width, height=request.height)
    return difference(models.ours(request), theirs)


def image_to_image(models: Pair, request: GenerationRequest) -> int:
    sdxl = len(models.parts.text_encoders) == 2
    name = "StableDiffusionXLImg2ImgPipeline" if sdxl else "StableDiffusionImg2ImgPipeline"
    assert request.init is not None
    image = Image.fromarray(request.init)
    theirs = models.theirs(name, request, image=image, strength=request.schedule_start)
    return difference(models.ours(request), theirs)


def inpainted(models: Pair, name: str, request: GenerationRequest, init: Pixels, mask: Pixels) -> Pixels:
    return models.theirs(
        name,
        request,
        image=Image.fromarray(init),
        mask_image=Image.fromarray(mask),
        strength=request.schedule_start,
        width=request.width,
        height=request.height,
    )


@pytest.mark.parametrize("sampler", Sampler)
@pytest.mark.parametrize("kind", ["sd1", "sd2-v"])
def test_text_to_image_with_every_sampler(tiny: Tiny, kind: str, sampler: Sampler) -> None:
    """All ten samplers draw what the stock pipeline draws, for both things a model may predict."""
    assert text_to_image(pair(tiny(kind)), replace(REQUEST, sampler=sampler)) <= 1


@pytest.mark.parametrize("sampler", SOME)
@pytest.mark.parametrize("kind", ["sd2", "sdxl"])
def test_text_to_image_of_further_kinds(tiny: Tiny, kind: str, sampler: Sampler) -> None:
    """The other text encoders, and SDXL with sizes and pooled embeddings, draw the stock picture."""
    assert text_to_image(pair(tiny(kind)), replace(REQUEST, sampler=sampler, width=64, height=104)) <= 1


@pytest.mark.parametrize("cfg_scale", [1.0, 1.5, 20.0, 35.0])
@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_every_scale(tiny: Tiny, kind: str, cfg_scale: float) -> None:
    """From no guidance to the strongest that the API takes, the picture is the stock one."""
    assert text_to_image(pair(tiny(kind)), replace(REQUEST, cfg_scale=cfg_scale)) <= 1


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_without_a_negative_prompt(tiny: Tiny, kind: str) -> None:
    """An absent negative prompt is an encoded empty text, or zeros for SDXL, as in the stock pipelines."""
    assert text_to_image(pair(tiny(kind)), replace(REQUEST, prompts=(Prompt("a red fox"),))) <= 1


@pytest.mark.parametrize("strength", [0.3, 0.75])
@pytest.mark.parametrize("sampler", Sampler)
def test_image_to_image_with_every_sampler(tiny: Tiny, sampler: Sampler, strength: float) -> None:
    """Starting late from a noised picture gives the stock picture, with every sampler."""
    request = _image_request(sampler, strength, 96, 64)
    assert image_to_image(pair(tiny("sd1")), request) <= 1


@pytest.mark.parametrize("sampler", SOME)
@pytest.mark.parametrize("kind", ["sd2-v", "sdxl"])
def test_image_to_image_of_further_kinds(tiny: Tiny, kind: str, sampler: Sampler) -> None:
    """So do v-prediction and SDXL."""
    assert image_to_image(pair(tiny(kind)), _image_request(sampler, 0.6, 64, 104)) <= 1


@pytest.mark.parametrize("strength", [1.0, 0.5])
@pytest.mark.parametrize("sampler", [*SOME, Sampler.K_DPM_2_ANCESTRAL, Sampler.DDPM])
@pytest.mark.parametrize("kind", ["sd1", "sd2-v", "sdxl"])
def test_masking_on_ordinary_models(tiny: Tiny, kind: str, sampler: Sampler, strength: float) -> None:
    """Inside a mask with edges on multiples of 8 the picture is the stock one, outside it is the init picture."""
    request = _mask_request(sampler, strength)
    assert _masked_difference(pair(tiny(kind)), INPAINT[kind], request) <= 1


@pytest.mark.parametrize("strength", [1.0, 0.5])
@pytest.mark.parametrize("sampler", SOME)
def test_masking_on_inpainting_models(tiny: Tiny, sampler: Sampler, strength: float) -> None:
    """A UNet with nine input channels is told of hole and surroundings as in the stock pipeline."""
    request = _mask_request(sampler, strength)
    assert _masked_difference(pair(tiny("inpainting")), INPAINT["inpainting"], request) <= 1


def test_inpainting_models_take_masks_of_any_shape_as_stock(tiny: Tiny) -> None:
    """A mask whose edges lie anywhere means the same hole as in the stock pipeline."""
    mask = np.zeros((64, 96), np.uint8)
    mask[11:50, 13:71] = 255
    request = replace(_mask_request(Sampler.K_EULER, 1.0), mask=mask)
    assert _masked_difference(pair(tiny("inpainting")), INPAINT["inpainting"], request) <= 1


@pytest.mark.parametrize("sampler", SOME)
def test_text_to_image_on_inpainting_models(tiny: Tiny, sampler: Sampler) -> None:
    """An inpainting model draws freely as if all of an empty picture were a hole."""
    models, request = pair(tiny("inpainting")), replace(REQUEST, sampler=sampler)
    size = (request.height, request.width)
    init, mask = np.zeros((*size, 3), np.uint8), np.full(size, 255, np.uint8)
    theirs = inpainted(models, INPAINT["inpainting"], request, init, mask)
    assert difference(models.ours(request), theirs) <= 1


@pytest.mark.parametrize("sampler", SOME)
def test_image_to_image_on_inpainting_models(tiny: Tiny, sampler: Sampler) -> None:
    """An inpainting model redraws a picture as if all of it were a hole."""
    models, request = pair(tiny("inpainting")), _image_request(sampler, 0.6, 96, 64)
    assert request.init is not None
    theirs = inpainted(models, INPAINT["inpainting"], request, request.init, np.full((64, 96), 255, np.uint8))
    assert difference(models.ours(request), theirs) <= 1


@pytest.mark.parametrize("strength", [0.4, 0.9])
@pytest.mark.parametrize("sampler", SOME)
def test_depth_to_image(tiny: Tiny, sampler: Sampler, strength: float) -> None:
    """A depth model sees the depth of the init picture as the stock pipeline does."""
    models, request = pair(tiny("depth")), _image_request(sampler, strength, 96, 64)
    assert request.init is not None
    image = Image.fromarray(request.init)
    theirs = models.theirs("StableDiffusionDepth2ImgPipeline", request, image=image, strength=strength)
    assert difference(models.ours(request), theirs) <= 1


def _image_request(sampler: Sampler, strength: float, width: int, height: int) -> GenerationRequest:
    return replace(
        REQUEST,
        task=Task.IMAGE_TO_IMAGE,
        sampler=sampler,
        schedule_start=strength,
        width=width,
        height=height,
        init=photo(width, height),
        steps=10,
    )


def _mask_request(sampler: Sampler, strength: float) -> GenerationRequest:
    plain = _image_request(sampler, strength, 96, 64)
    return replace(plain, task=Task.MASKING, mask=block(96, 64))


def _masked_difference(models: Pair, name: str, request: GenerationRequest) -> int:
    assert request.init is not None
    assert request.mask is not None
    theirs = inpainted(models, name, request, request.init, request.mask)
    return difference(models.ours(request), np.where(request.mask[..., None] == 255, theirs, request.init))
