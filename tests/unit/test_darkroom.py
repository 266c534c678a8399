"""The darkroom: picture work leaves the event loop alone, and is done once as long as it is remembered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.darkroom import Darkroom
from engines.memory import Memory
from engines.types import Pixels

GREY, WHITE = np.full((4, 4, 3), 128, np.uint8), np.full((4, 4, 3), 255, np.uint8)


class Press:
    """A form of pictures that notes in which thread each was written."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def __call__(self, pixels: Pixels) -> bytes:
        self.threads.append(threading.current_thread().name.partition("_")[0])
        return pixels.tobytes()


@pytest.fixture
def hands() -> Iterator[ThreadPoolExecutor]:
    """Threads that can be told by their name."""
    with ThreadPoolExecutor(2, thread_name_prefix="hands") as pool:
        yield pool


def test_pictures_are_written_by_the_hands_in_their_order(hands: ThreadPoolExecutor) -> None:
    """Every picture once, whatever its place."""
    press = Press()

    written = asyncio.run(Darkroom(hands, Memory(0)).written(press, [GREY, WHITE, GREY]))

    assert written == [GREY.tobytes(), WHITE.tobytes(), GREY.tobytes()]
    assert press.threads == ["hands"] * 3


def test_what_was_written_is_not_written_again(hands: ThreadPoolExecutor) -> None:
    """The second time only the picture that is new is written; what came before is the very same object."""
    darkroom, press = Darkroom(hands, Memory(100_000)), Press()

    async def twice() -> tuple[bytes, bytes]:
        (first,) = await darkroom.written(press, [GREY])
        second, _ = await darkroom.written(press, [GREY, WHITE])
        return first, second

    first, second = asyncio.run(twice())

    assert first is second
    assert len(press.threads) == 2


def test_two_forms_of_a_picture_are_two_things(hands: ThreadPoolExecutor) -> None:
    """What was written as one form is not sent as another."""
    darkroom, press, other = Darkroom(hands, Memory(100_000)), Press(), Press()

    async def both() -> None:
        await darkroom.written(press, [GREY])
        await darkroom.written(other, [GREY])

    asyncio.run(both())

    assert (len(press.threads), len(other.threads)) == (1, 1)


def test_work_that_fails_is_tried_again(hands: ThreadPoolExecutor) -> None:
    """A failure reaches who asked and is not remembered."""
    darkroom, asked = Darkroom(hands, Memory(100_000)), [MemoryError("no room")]

    def work() -> bytes:
        if asked:
            raise asked.pop()
        return b"done"

    async def story() -> bytes:
        with pytest.raises(MemoryError):
            await darkroom.once("key", len, work)
        return await darkroom.once("key", len, work)

    assert asyncio.run(story()) == b"done"
