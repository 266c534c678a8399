"""What pictures on their way into Stativerse take of memory."""

from __future__ import annotations

import base64
import tracemalloc

import pytest

from app.dialects.stativerse import pictures
from app.errors import BadPictureSize
from app.settings import Limits
from tests.pictures import png

LARGE = base64.b64encode(png(1600, 1600, fill="navy")).decode()


def test_four_large_pictures_take_little_more_memory_than_two() -> None:
    """Each further picture is brought to the size of the first before the next one is decoded."""
    most = {count: peak([LARGE] * count) for count in (2, 4)}

    assert most[4] < 1.1 * most[2]


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
