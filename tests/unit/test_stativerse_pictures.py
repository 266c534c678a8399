"""Pictures on their way into Stativerse: how they are made to fit, and what they take of memory."""

from __future__ import annotations

import base64
import tracemalloc

import numpy as np
import pytest

from app.dialects.stativerse import pictures
from app.errors import BadPictureSize
from app.settings import Limits
from engines.codec import encode_png
from tests.pictures import png

LARGE = base64.b64encode(png(1600, 1600, fill="navy")).decode()


def test_four_large_pictures_take_little_more_memory_than_two() -> None:
    """Each further picture is brought to the size of the first before the next one is decoded."""
    most = {count: peak([LARGE] * count) for count in (2, 4)}

    assert most[4] < 1.1 * most[2]


def test_further_pictures_are_cut_and_not_squeezed() -> None:
    """Of a broad one the middle is taken, whatever is said about the first."""
    broad = np.full((64, 128, 3), 255, np.uint8)
    broad[:, 32:96] = (0, 128, 0)
    sent = [base64.b64encode(one).decode() for one in (png(64, 64), encode_png(broad))]

    _, other = pictures.received(sent, resolution=None, crop=False, limits=Limits())

    assert (other.pixels == (0, 128, 0)).all()


def peak(sent: list[str]) -> int:
    """The bytes that pixels took at most while these pictures were received in a small size."""
    tracemalloc.start()
    try:
        pictures.received(sent, resolution=(64, 64), crop=False, limits=Limits())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [(65_536, 1), (1, 65_536)])
@pytest.mark.parametrize("crop", [False, True])
def test_a_thread_of_a_picture_is_refused(size: tuple[int, int], crop: bool) -> None:
    """A picture of one row with millions of pixels would take a gigabyte to be squeezed into a square."""
    thread = base64.b64encode(png(*size, fill="navy")).decode()

    with pytest.raises(BadPictureSize, match="sides may have at most 65535 pixels, but we received"):
        pictures.received(thread, resolution=(64, 64), crop=crop, limits=Limits())
