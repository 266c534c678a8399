"""Several pictures of one request as one future."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import Future

import numpy as np

from engines.sketch.gathering import gather
from engines.types import Picture


def test_pictures_go_when_their_request_is_over() -> None:
    """Ten large pictures take no memory after they were delivered, also when nobody looks for garbage."""
    parts: list[Future[Picture]] = [Future() for _ in range(10)]
    whole = gather(parts)
    kept = []
    gc.disable()
    try:
        for seed in range(10):
            pixels = np.zeros((8, 8, 3), np.uint8)
            kept.append(weakref.ref(pixels))
            parts.pop(0).set_result(Picture(pixels, seed))
        del pixels
        assert [picture.seed for picture in whole.result()] == list(range(10))
        del whole
        assert [one() for one in kept] == [None] * 10
    finally:
        gc.enable()
