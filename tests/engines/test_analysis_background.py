"""Background removal without weights: figures whose outline is known, and pictures without a figure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engines.analysis.embedded.family import separated
from engines.analysis.types import Analysis, Question
from engines.types import Pixels

Mask = NDArray[np.bool_]

_SIDE = 512


@pytest.mark.parametrize("noise", [0, 25])
@pytest.mark.parametrize("shape", ["disc", "person", "small", "two"])
@pytest.mark.parametrize("behind", ["plain", "white", "gradient", "horizon"])
def test_figures_are_cut_out(behind: str, shape: str, noise: float) -> None:
    """At least nine tenths of the mask and of the figure are the same, on calm and on noisy grounds."""
    inside = _shape(shape)
    mask = _subject(_picture(behind, inside, noise)) >= 128
    assert (mask & inside).sum() / (mask | inside).sum() >= 0.9


def test_a_pattern_behind_the_figure_is_background() -> None:
    """A checked wall is background, squares of both colours alike."""
    inside = _shape("disc")
    mask = _subject(_picture("checked", inside, 8)) >= 128
    assert (mask & inside).sum() / (mask | inside).sum() >= 0.9


def test_edges_are_soft_and_the_rest_is_hard() -> None:
    """Levels between 0 and 255 are found near the outline only."""
    inside = _shape("disc")
    mask = _subject(_picture("plain", inside, 0))
    between = (mask > 0) & (mask < 255)
    outline = np.asarray(Image.fromarray(inside).convert("L").filter(ImageFilter.MaxFilter(21))) != np.asarray(
        Image.fromarray(inside).convert("L").filter(ImageFilter.MinFilter(21))
    )
    assert between.any()
    assert not (between & ~outline).any()


def test_a_larger_picture_has_a_mask_of_its_own_size() -> None:
    """The mask is as large as the picture, with the figure where it is, though it was found in a small copy."""
    inside = np.asarray(Image.fromarray(_shape("person")).resize((1500, 1100)))
    pixels = np.where(inside[..., None], (190, 60, 50), (90, 140, 200)).astype(np.uint8)
    mask = _subject(pixels)
    assert mask.shape == (1100, 1500)
    assert ((mask >= 128) == inside).mean() > 0.99


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 9), (8, 8), (9, 300), (64, 64), (600, 600)])
def test_a_picture_of_one_colour_is_all_subject(shape: tuple[int, int]) -> None:
    """Where nothing stands out nothing is taken away, at any size."""
    mask = _subject(np.full((*shape, 3), 77, np.uint8))
    assert mask.shape == shape
    assert mask.dtype == np.uint8
    assert (mask == 255).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 90), (33, 8), (130, 90)])
def test_noise_does_no_harm(shape: tuple[int, int]) -> None:
    """A picture without any order gets some mask of its size."""
    assert _subject(np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)).shape == shape


def test_the_same_picture_has_the_same_mask_in_every_thread() -> None:
    """Neither what was asked before nor what else is being asked changes a mask."""
    picture, other = _picture("horizon", _shape("person"), 12), _picture("checked", _shape("two"), 25)
    first = _subject(picture)
    with ThreadPoolExecutor(3) as pool:
        masks = list(pool.map(_subject, [other, picture, other, picture]))
    assert np.array_equal(masks[1], first)
    assert np.array_equal(masks[3], first)


def _subject(pixels: Pixels) -> Pixels:
    return separated(Question(Analysis.BACKGROUND, pixels=pixels))


def _shape(name: str) -> Mask:
    y, x = np.mgrid[:_SIDE, :_SIDE] / _SIDE
    shapes: dict[str, Any] = {
        "disc": (x - 0.5) ** 2 + (y - 0.45) ** 2 < 0.25**2,
        "person": ((x - 0.5) ** 2 + (y - 0.3) ** 2 < 0.12**2)
        | ((abs(x - 0.5) < 0.2 * np.clip(4 * (y - 0.4), 0.2, 1)) & (y > 0.4)),
        "small": (x - 0.7) ** 2 + (y - 0.3) ** 2 < 0.1**2,
        "two": ((x - 0.3) ** 2 + (y - 0.4) ** 2 < 0.12**2) | ((x - 0.7) ** 2 + (y - 0.6) ** 2 < 0.15**2),
    }
    return np.asarray(shapes[name])


def _picture(behind: str, inside: Mask, noise: float) -> Pixels:
    """A red figure with a skin-coloured top, a little blurred, before a ground, with grain over all of it."""
    y, x = np.mgrid[:_SIDE, :_SIDE] / _SIDE
    checked = ((16 * x).astype(int) + (16 * y).astype(int)) % 2 == 0
    grounds = {
        "plain": np.stack([90 + 0 * x, 140 + 0 * x, 200 + 0 * x], 2),
        "white": np.full((_SIDE, _SIDE, 3), 255.0),
        "gradient": np.stack([60 + 120 * x, 100 + 100 * y, 200 - 120 * x], 2),
        "horizon": np.where(y[..., None] < 0.6, (120, 185, 230), (60, 140, 50)),
        "checked": np.where(checked[..., None], (90, 90, 120), (150, 150, 180)),
    }
    figure = (
        np.where(y[..., None] < 0.42, (225, 175, 145), (190, 50, 45)) * (0.75 + 0.25 * np.cos(4 * x - 1))[..., None]
    )
    sharp = np.where(inside[..., None], figure, grounds[behind]).astype(np.uint8)
    blurred = np.asarray(Image.fromarray(sharp).filter(ImageFilter.GaussianBlur(1)))
    grain = np.random.default_rng(3).normal(0, noise, blurred.shape)
    return np.clip(blurred + grain, 0, 255).astype(np.uint8)
