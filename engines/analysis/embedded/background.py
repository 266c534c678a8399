"""Background removal by GrabCut: what is unlike the border is the subject, and graph cuts find its outline.

Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph cuts" (2004), in
OpenCV's implementation. Instead of a person with a mouse, the border of the picture says where to begin
(``border``). The outline is found in a small copy and brought to the full size by a guided filter
(``outline``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engines.analysis.embedded import border, outline
from engines.types import Pixels

LIBRARY = "cv2"

_SIDE = 384
_SMALLEST = 8
_SEED = 1
_ROUNDS = 4


def subject(pixels: Pixels) -> Pixels:
    """The subject of a picture of height x width x 3: 255 on it, 0 beside it, between them at soft edges.

    Where nothing stands out, as in a picture of one colour or of one pixel, all of it is the subject: a caller who
    removes the background of such a picture gets it back whole.
    """
    import cv2  # noqa: PLC0415 -- of the extra "vision", and slow to load

    # Sums of floats depend on who adds what: with one thread and one seed every run is the same.
    cv2.setNumThreads(1)
    cv2.setRNGSeed(_SEED)
    small = _small(cv2, pixels)
    found = border.compare(cv2, small) if min(small.shape[:2]) >= _SMALLEST else None
    if found is None:
        return np.full(pixels.shape[:2], 255, np.uint8)
    inside = outline.whole(cv2, _cut(cv2, found))
    return outline.grow(cv2, inside, small, pixels)


def _cut(cv2: Any, found: border.Contrast) -> Pixels:
    """1 on the subject, 0 beside it; where graph cuts leave nothing of it, as they were given it."""
    likely = found.likely
    mask = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    frame = np.ones_like(likely)
    frame[1:-1, 1:-1] = False
    mask[frame & ~likely] = cv2.GC_BGD
    cv2.grabCut(found.colours, mask, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    inside = (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
    return (inside if inside.any() else likely).astype(np.uint8)


def _small(cv2: Any, pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Pixels = cv2.resize(np.ascontiguousarray(pixels[..., :3]), size, interpolation=cv2.INTER_AREA)
    return small
