"""What is not masked comes back as it was sent, and grey counts in proportion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.diffusion import masks
from engines.diffusion.latents import Autoencoder, Noise, to_image
from engines.loading.model import Watch
from engines.types import GenerationRequest, Pixels, Sampler, Task
from tests.pipelines.stock import REQUEST, block, order, pair, photo

Tiny = Callable[[str], Path]

KINDS = ("sd1", "sd2-v", "sdxl", "inpainting", "depth", "sd3")


def masking(mask: Pixels, **changes: object) -> GenerationRequest:
    height, width = mask.shape
    plain = replace(REQUEST, task=Task.MASKING, width=width, height=height, init=photo(width, height), mask=mask)
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_unmasked_pixels_are_as_sent(tiny: Tiny, kind: str) -> None:
    """Black in the mask keeps every bit of a pixel, white replaces it."""
    request = masking(block(96, 64))

    drawn = pair(tiny(kind)).ours(request)

    kept = block(96, 64) == 0
    assert request.init is not None
    assert np.array_equal(drawn[kept], request.init[kept])
    assert not np.array_equal(drawn[~kept], request.init[~kept])


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_mask_costs_nothing(tiny: Tiny, kind: str) -> None:
    """Where nothing may change, the init picture comes back without a single step."""
    request = masking(np.zeros((64, 96), np.uint8))
    steps: list[int] = []
    watch = Watch(stopped=lambda: False, report=lambda done, _: steps.append(done))

    drawn = pair(tiny(kind)).engine.draw(order(request, watch))

    assert request.init is not None
    assert np.array_equal(drawn, request.init)
    assert steps == []


@pytest.mark.parametrize("kind", ["sd1", "inpainting"])
def test_masks_of_any_size(tiny: Tiny, kind: str) -> None:
    """Pictures whose sides are no multiples of 8 keep their size and their unmasked pixels."""
    mask = np.zeros((61, 99), np.uint8)
    mask[20:, 30:] = 255
    request = masking(mask)

    drawn = pair(tiny(kind)).ours(request)

    assert request.init is not None
    assert drawn.shape == (61, 99, 3)
    assert np.array_equal(drawn[mask == 0], request.init[mask == 0])


def test_a_fully_masked_picture_is_a_new_one(tiny: Tiny) -> None:
    """A mask that is white everywhere draws what text-to-image draws."""
    models = pair(tiny("sd1"))
    request = masking(np.full((64, 96), 255, np.uint8), sampler=Sampler.DDIM)
    free = replace(request, task=Task.TEXT_TO_IMAGE, init=None, mask=None)

    one, other = (models.ours(each) for each in (request, free))

    assert not np.array_equal(one, request.init)
    assert one.std() == pytest.approx(other.std(), rel=0.5)


def test_composites_are_exact_for_every_grey() -> None:
    """Each of the 256 levels mixes to the nearest value, for all pairs of values at the ends and between."""
    values = np.array([0, 1, 2, 100, 127, 128, 200, 254, 255], np.uint8)
    init, drawn, mask = (grid.astype(np.uint8) for grid in np.meshgrid(values, values, np.arange(256), indexing="ij"))
    init, drawn, mask = (grid.reshape(9, -1) for grid in (init, drawn, mask))

    mixed = masks.composite(init[..., None].repeat(3, 2), drawn[..., None].repeat(3, 2), mask)

    exact = init + (drawn.astype(float) - init) * mask / 255
    assert np.array_equal(mixed[..., 0], np.rint(exact))


def test_grey_changes_less_than_white(tiny: Tiny) -> None:
    """A grey mask changes a picture less than a white one, and more than none."""
    models = pair(tiny("sd1"))
    changes = []
    for level in (60, 255):
        request = masking(np.full((64, 96), level, np.uint8))
        assert request.init is not None
        changes.append(np.abs(models.ours(request).astype(int) - request.init).mean())

    assert 0 < changes[0] < changes[1] / 2


@pytest.mark.parametrize(("level", "hole"), [(0, 0.0), (127, 0.0), (128, 1.0), (255, 1.0)])
def test_the_hole_of_an_inpainting_model_begins_at_half_grey(tiny: Tiny, level: int, hole: float) -> None:
    """A UNet that was trained on holes with hard edges is told of one from half grey on, as by the stock pipeline."""
    autoencoder, cpu = Autoencoder(pair(tiny("inpainting")).parts.vae), torch.device("cpu")
    image = to_image(photo(96, 64), cpu)
    mask = masks.plane(np.full((64, 96), level, np.uint8), cpu)

    told = masks.hole(autoencoder, image, mask, Noise(7))

    around = autoencoder.encode(image * (1 - hole), Noise(7))
    assert torch.equal(told, torch.cat([torch.full((1, 1, 8, 12), hole), around], dim=1))


def test_latents_are_replaced_by_the_share_of_their_pixels() -> None:
    """The mask of a latent is the mean of the 8 x 8 pixels it stands for."""
    mask = np.zeros((8, 16), np.uint8)
    mask[:, :2] = 255
    mask[:, 8:] = 51

    shares = masks.share(masks.plane(mask, torch.device("cpu")), 8)

    assert shares.flatten().tolist() == pytest.approx([0.25, 0.2])
