"""Tiles: every pixel is covered once in sum, and nothing shows where they meet."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from engines.loading.model import Thrift
from engines.upscale.tiles import Tiling, bands, count, paint, spans

LENGTHS = (1, 32, 63, 64, 65, 100, 127, 129, 500, 1000, 1021)


def test_shares_add_up_to_one_everywhere() -> None:
    """Whatever the length, each pixel gets exactly one picture's worth of tiles, and no more than two of them."""
    for length in LENGTHS:
        for scale in (1, 3):
            total, tiles_seen = torch.zeros(length * scale), torch.zeros(length * scale)
            for span in spans(length, Tiling(64, 16)):
                shares = span.weights(scale)
                total[span.start * scale : span.stop * scale] += shares
                tiles_seen[span.start * scale : span.stop * scale] += shares > 0
            torch.testing.assert_close(total, torch.ones(length * scale))
            assert tiles_seen.max() <= 2


def test_tiles_are_equal_small_enough_and_on_the_grid() -> None:
    """No tile is larger than allowed, all have one size, and neighbours share at least the overlap."""
    for length in range(8, 1200, 8):
        cut = spans(length, Tiling(64, 16), multiple=8)
        assert cut[0].start == 0
        assert cut[-1].stop == length
        assert len({span.stop - span.start for span in cut}) == 1
        assert all(span.stop - span.start <= 64 and span.start % 8 == 0 for span in cut)
        assert all(left.stop - right.start >= 16 for left, right in itertools.pairwise(cut))


def test_thrift_halves_the_side() -> None:
    """Each level of thrift halves the tiles, down to a least size, and keeps the overlap in proportion."""
    tiling = Tiling(512, 64)
    assert tiling.for_thrift(Thrift.NONE, 2) == Tiling(512, 64)
    assert tiling.for_thrift(Thrift.TILED, 2) == Tiling(256, 64)
    assert tiling.for_thrift(Thrift.FRUGAL, 2) == Tiling(128, 32)
    assert Tiling(5, 64).for_thrift(Thrift.NONE, 2) == Tiling(16, 4)


@pytest.mark.parametrize(("width", "height"), [(50, 40), (64, 200), (333, 90), (201, 301)])
def test_work_on_single_pixels_is_not_changed_by_tiles(width: int, height: int) -> None:
    """Where a pixel depends on itself alone, tiles put together are the picture, in whatever size."""
    # Whole levels, none of which lies between two bytes: shares that add up to 1.0000001 change nothing then.
    image = torch.randint(0, 256, (3, height, width), generator=torch.Generator().manual_seed(1)) / 255

    def work(rows: slice, columns: slice) -> Tensor:
        return image[:, rows, columns].repeat_interleave(2, 1).repeat_interleave(2, 2)

    whole = work(slice(None), slice(None))
    torch.testing.assert_close(torch.cat([*bands(width, height, Tiling(64, 16), work, 2)], dim=1), whole)
    painted = paint(width, height, Tiling(64, 16), work, 2)
    assert painted.dtype == np.uint8
    assert np.array_equal(painted, (whole * 255).round().byte().permute(1, 2, 0).numpy())


def test_tiles_that_disagree_fade_into_each_other() -> None:
    """Two tiles as different as black and white meet in a slope, and not in a step."""
    shades = iter((0.0, 1.0))

    def work(rows: slice, columns: slice) -> Tensor:
        return torch.full((3, rows.stop - rows.start, columns.stop - columns.start), next(shades))

    painted = paint(224, 60, Tiling(128, 32), work)
    steps = np.abs(np.diff(painted[30, :, 0].astype(int)))
    assert painted[30, 0, 0] == 0
    assert painted[30, -1, 0] == 255
    assert steps.max() < 30


def test_only_one_row_of_tiles_is_held() -> None:
    """The first rows are finished before the second row of tiles is begun."""
    begun: list[int] = []

    def work(rows: slice, columns: slice) -> Tensor:
        begun.append(rows.start)
        return torch.zeros(1, rows.stop - rows.start, columns.stop - columns.start)

    finished = bands(200, 200, Tiling(64, 16), work)
    next(finished)
    assert set(begun) == {0}
    assert len([*finished]) == len(spans(200, Tiling(64, 16))) - 1
    assert len(begun) == count(200, 200, Tiling(64, 16))
