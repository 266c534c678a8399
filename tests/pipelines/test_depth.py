"""What a depth model sees of the init picture, and what it sees without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.diffusion import depth
from engines.diffusion.model import Diffusion
from engines.loading.model import WeightsUnusable
from engines.types import Task
from tests.pipelines.stock import REQUEST, SETUP, pair, photo

Tiny = Callable[[str], Path]


@torch.no_grad()
def test_maps_reach_from_far_to_near(tiny: Tiny) -> None:
    """The map is as large as the latents and uses all of -1..1."""
    seen = depth.estimated(pair(tiny("depth")).parts, photo(96, 64), 8, 12)

    assert seen.shape == (1, 1, 8, 12)
    assert (float(seen.min()), float(seen.max())) == pytest.approx((-1.0, 1.0))


def test_depth_decides_even_where_the_picture_is_ignored(tiny: Tiny) -> None:
    """With all of the schedule run, two init pictures still give two pictures: their depths differ."""
    models = pair(tiny("depth"))
    request = replace(REQUEST, task=Task.IMAGE_TO_IMAGE, width=96, height=64)

    one, other = (models.ours(replace(request, init=photo(96, 64, seed))) for seed in (1, 2))

    assert not np.array_equal(one, other)


@torch.no_grad()
def test_no_depth_at_all_is_a_flat_map(tiny: Tiny) -> None:
    """An estimator that sees no depth gives the map of no picture, and no division by zero."""
    models = pair(tiny("depth"))
    blind = replace(models.parts, depth_estimator=_Blind())

    seen = depth.estimated(blind, photo(96, 64), 8, 12)

    assert torch.equal(seen, depth.flat(8, 12, torch.device("cpu")))


@pytest.mark.parametrize("task", [Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE])
def test_every_size_comes_out_exactly(tiny: Tiny, task: Task) -> None:
    """Without an init picture too, and with one whose sides are no multiples of 8."""
    init = photo(99, 61) if task is Task.IMAGE_TO_IMAGE else None

    drawn = pair(tiny("depth")).ours(replace(REQUEST, task=task, width=99, height=61, init=init))

    assert drawn.shape == (61, 99, 3)


def test_depth_models_need_an_estimator(tiny: Tiny) -> None:
    """A checkpoint that reads depth and cannot see it is refused when it is loaded."""
    lame = replace(pair(tiny("depth")).parts, depth_estimator=None)

    with pytest.raises(WeightsUnusable, match="depth estimator"):
        Diffusion(lame, SETUP)


class _Blind:
    """An estimator that sees the same depth everywhere."""

    dtype = torch.float32

    def __call__(self, seen: torch.Tensor) -> _Blind:
        self.predicted_depth = torch.full((1, 64, 64), 3.0)
        return self
