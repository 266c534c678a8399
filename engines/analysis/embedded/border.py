"""What in a picture is unlike its border, which is taken to show the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.types import Pixels

_BAND = 0.03
_BLUR, _FINE_BLUR = 1.5, 0.6
_CLUSTERS = 5
_SIDES, _OF_SIDE = 2, 0.08
_SMOOTH = 8.0
_LEAST, _NOISES = 8.0, 4.0
_FLOODS = (2.0, 4.0, 6.0, 9.0, 13.0, 18.0, 25.0, 35.0)
_THIN = 3
_FEWEST, _MOST = 0.002, 0.98

_Floats = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Where the subject is likely to be, and the colours in which it stands out best (8 bits, three channels)."""

    likely: _Mask
    colours: Pixels


def compare(cv2: Any, pixels: Pixels) -> Contrast | None:
    """Compare every pixel with the border; None where next to nothing, or nearly all, is unlike it.

    A border that changes slowly is continued across the picture as a quadratic surface, which is taken away, so
    that a gradient becomes one colour. Any other is described by the colours that at least two of its sides show.
    Either way, what leaves the picture at one side only is rather the subject.
    """
    lab: _Floats = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    calm: _Floats = cv2.GaussianBlur(lab, (0, 0), _BLUR)
    fine: _Floats = cv2.GaussianBlur(lab, (0, 0), _FINE_BLUR)
    band = _band(pixels.shape[0], pixels.shape[1])
    surface = _surface(calm, band)
    rest = np.linalg.norm(calm - surface, axis=2)
    smooth = _shown(rest > _SMOOTH) < _SIDES
    distance = rest if smooth else _from_colours(cv2, calm, band)
    unlike = (distance > _threshold(cv2, distance, band)).astype(np.uint8)
    likely = cv2.morphologyEx(unlike, cv2.MORPH_OPEN, np.ones((_THIN, _THIN), np.uint8)) == 1
    share = float(likely.mean())
    if not _FEWEST <= share <= _MOST:
        return None
    flat = np.clip(fine - surface + 128 if smooth else fine * (2.55, 1, 1) + (0, 128, 128), 0, 255)
    return Contrast(likely, np.ascontiguousarray(np.rint(flat).astype(np.uint8)))


def _band(height: int, width: int) -> _Mask:
    wide = max(1, round(_BAND * min(height, width)))
    band = np.ones((height, width), np.bool_)
    band[wide:-wide, wide:-wide] = False
    return band


def _shown(mask: _Mask) -> int:
    """On how many sides of the picture the mask takes more than a little."""
    return sum(float(side.mean()) >= _OF_SIDE for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _surface(lab: _Floats, band: _Mask) -> _Floats:
    """The quadratic surface through the border, fitted anew a few times to the three quarters that fit it best."""
    height, width = band.shape
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(down), across, down, across * down, across**2, down**2], axis=2)
    known, wanted = terms[band], lab[band].astype(np.float64)
    weights = np.ones(len(wanted))
    for _ in range(4):
        root = np.sqrt(weights)[:, None]
        factors = np.linalg.lstsq(known * root, wanted * root, rcond=None)[0]
        rest = np.linalg.norm(wanted - known @ factors, axis=1)
        weights = (rest <= np.quantile(rest, 0.75)).astype(np.float64) + 1e-3
    surface: _Floats = (terms @ factors).astype(np.float32)
    return surface


def _from_colours(cv2: Any, lab: _Floats, band: _Mask) -> _Floats:
    """The distance of every pixel to the border's colours, or to a pixel of it that it hangs together with."""
    colours = lab[band]
    count = min(_CLUSTERS, len(colours))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, labels, centres = cv2.kmeans(colours, count, None, stop, 3, cv2.KMEANS_PP_CENTERS)
    painted = np.full(band.shape, -1)
    painted[band] = labels.ravel()
    kept = [name for name in range(count) if _shown(painted == name) >= _SIDES] or list(range(count))
    nearest = np.min([np.linalg.norm(lab - centres[name], axis=2) for name in kept], axis=0)
    return np.asarray(np.minimum(nearest, _flooded(cv2, lab, np.isin(painted, kept))))


def _flooded(cv2: Any, lab: _Floats, start: _Mask) -> _Floats:
    """How much unlike a pixel of the start one has to be for a flood of like colours to come from it to here."""
    distance = np.full(start.shape, np.float32(2 * _FLOODS[-1]))
    flags = 4 | (1 << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    for level in reversed(_FLOODS):
        mask = np.zeros((start.shape[0] + 2, start.shape[1] + 2), np.uint8)
        for y, x in np.argwhere(start).tolist():
            if not mask[y + 1, x + 1]:
                cv2.floodFill(lab, mask, (x, y), 0, (level,) * 3, (level,) * 3, flags)
        distance[mask[1:-1, 1:-1] > 0] = level
    return distance


def _threshold(cv2: Any, distance: _Floats, band: _Mask) -> float:
    """From where on a pixel is unlike the border: half of what separates best, and more than the border varies."""
    top = float(np.quantile(distance, 0.995)) or 1.0
    levels = np.clip(distance * (255 / top), 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    usual = float(np.median(distance[band]))
    return max(_LEAST, _NOISES * usual, 0.6 * float(otsu) * top / 255)
