"""Makes one clean shape of a rough mask and brings it to the size of the picture it came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.types import Pixels

_CRUMB, _HOLE = 0.08, 0.01
_RADIUS = 3
_REGULARITY = 4.0

_Floats = NDArray[np.float32]


def whole(cv2: Any, mask: Pixels) -> Pixels:
    """The mask (1 and 0) without crumbs that are small beside its largest part, and without small holes."""
    kept = _without_small(cv2, mask, _CRUMB)
    area = float(kept.sum())
    outside = 1 - kept
    numbers, sizes = _parts(cv2, outside)
    holes = np.isin(numbers, np.flatnonzero(sizes < _HOLE * area)) & (outside == 1)
    return np.where(holes, 1, kept).astype(np.uint8)


def grow(cv2: Any, mask: Pixels, small: Pixels, pixels: Pixels) -> Pixels:
    """The mask of the small copy in the size of the picture, 0 to 255, with its edge where the picture has one.

    He, Sun and Tang, "Guided image filtering" (2010), in the fast form of He and Sun (2015): near the outline the
    mask is a linear function of the colour, found in the small copy and applied to the full size. The colour is
    reduced to its position between the subject's mean and the background's.
    """
    size = (pixels.shape[1], pixels.shape[0])
    axis = small[mask == 1].mean(axis=0) - small[mask == 0].mean(axis=0) if 0 < mask.sum() < mask.size else np.ones(3)
    axis = (axis / max(1e-6, float(np.linalg.norm(axis)))).astype(np.float32)
    slope, offset = _fitted(cv2, small.astype(np.float32) @ axis, mask.astype(np.float32))
    slope, offset = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (slope, offset))
    soft = np.clip(slope * (pixels[..., :3].astype(np.float32) @ axis) + offset, 0, 1)
    kernel = np.ones((2 * _RADIUS + 1, 2 * _RADIUS + 1), np.uint8)
    surely, perhaps = (
        cv2.resize(change(mask, kernel), size, interpolation=cv2.INTER_NEAREST) for change in (cv2.erode, cv2.dilate)
    )
    soft = np.where(surely == 1, 1.0, np.where(perhaps == 0, 0.0, soft))
    grown: Pixels = np.rint(soft * 255).astype(np.uint8)
    return grown


def _fitted(cv2: Any, guide: _Floats, mask: _Floats) -> tuple[_Floats, _Floats]:
    """Slope and offset of the mask over the guide, around every pixel."""

    def mean(plane: NDArray[Any]) -> _Floats:
        blurred: _Floats = cv2.blur(plane, (2 * _RADIUS + 1, 2 * _RADIUS + 1))
        return blurred

    of_guide, of_mask = mean(guide), mean(mask)
    spread = mean(guide * guide) - of_guide * of_guide
    slope = (mean(guide * mask) - of_guide * of_mask) / (spread + _REGULARITY)
    return mean(slope), mean(of_mask - slope * of_guide)


def _without_small(cv2: Any, mask: Pixels, least: float) -> Pixels:
    numbers, sizes = _parts(cv2, mask)
    return np.isin(numbers, np.flatnonzero(sizes >= least * sizes.max(initial=1))).astype(np.uint8)


def _parts(cv2: Any, mask: Pixels) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The number of the part each pixel belongs to, and the sizes of the parts; what is outside has size 0."""
    _, numbers, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    sizes = facts[:, cv2.CC_STAT_AREA].astype(np.float64)
    sizes[0] = 0.0
    return numbers, sizes
