"""Futures of the sketch family: order, failure, cancelling, closing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import fields, replace
from multiprocessing import get_context
from threading import Event
from typing import Any

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.errors import EngineFailed
from engines.memory import Memory
from engines.sketch import SketchFamily
from engines.types import GenerationRequest, Pixels, Prompt, Sampler, Task

Order = Callable[..., GenerationRequest]

_CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")


class HandPool(Executor):
    """A pool that does nothing until the test says so, one task at a time, in any order."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.down = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep the task for later."""
        if self.down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()
        self.tasks.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self, place: int) -> None:
        """Do one task now, unless it was cancelled."""
        future, work = self.tasks[place]
        if future.set_running_or_notify_cancel():
            future.set_result(work())

    def fail(self, place: int, error: BaseException) -> None:
        """Let one task fail now."""
        future, _ = self.tasks[place]
        future.set_running_or_notify_cancel()
        future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks."""
        self.down = True
        for future, _ in self.tasks if cancel_futures else ():
            future.cancel()


@pytest.fixture
def pool() -> HandPool:
    """Work that waits for the test."""
    return HandPool()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """A real pool with one thread."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_every_sample_is_a_task_of_its_own(pool: HandPool, order: Order) -> None:
    """One request for four pictures can use four threads."""
    SketchFamily(pool).submit(_CARD, order(samples=4))
    assert len(pool.tasks) == 4


def test_pictures_come_in_the_order_of_their_seeds(pool: HandPool, order: Order) -> None:
    """Whichever picture is finished first, the answer is in the order of the seeds."""
    whole = SketchFamily(pool).submit(_CARD, order(samples=3))
    for place in (2, 0, 1):
        assert not whole.done()
        pool.run(place)
    assert tuple(picture.seed for picture in whole.result()) == order(samples=3).seeds()


def test_cancelling_a_request_drops_what_has_not_started(pool: HandPool, order: Order) -> None:
    """A client that hangs up stops the pictures that nobody has begun to draw."""
    whole = SketchFamily(pool).submit(_CARD, order(samples=3))
    pool.run(0)
    assert whole.cancel()
    assert [future.cancelled() for future, _ in pool.tasks] == [False, True, True]
    with pytest.raises(CancelledError):
        whole.result()


def test_a_cancelled_request_wakes_those_who_wait_for_it(pool: HandPool, order: Order) -> None:
    """Waiting for a cancelled request ends at once."""
    whole = SketchFamily(pool).submit(_CARD, order())
    whole.cancel()
    assert wait([whole], timeout=30).done == {whole}


def test_a_picture_that_arrives_after_cancelling_is_ignored(threads: ThreadPoolExecutor, order: Order) -> None:
    """A picture that was being drawn while the request was cancelled ends quietly."""
    release, started = Event(), Event()

    def hold() -> None:
        started.set()
        release.wait(30)

    threads.submit(hold)
    started.wait(30)
    whole = SketchFamily(threads).submit(_CARD, order(samples=2))
    assert whole.cancel()
    release.set()
    assert threads.submit(lambda: "free again").result() == "free again"


def test_one_failed_picture_fails_the_request_and_keeps_the_cause(pool: HandPool, order: Order) -> None:
    """The client of a half-finished request gets an error, the log gets the cause, and the rest is dropped."""
    whole = SketchFamily(pool).submit(_CARD, order(samples=3))
    pool.run(0)
    cause = MemoryError("no room")
    pool.fail(1, cause)
    with pytest.raises(EngineFailed) as failed:
        whole.result(timeout=30)
    assert failed.value.__cause__ is cause
    assert pool.tasks[2][0].cancelled()


def test_a_second_failure_changes_nothing(pool: HandPool, order: Order) -> None:
    """The first failure is the one that is reported."""
    whole = SketchFamily(pool).submit(_CARD, order(samples=2))
    pool.tasks[1][0].set_running_or_notify_cancel()
    pool.fail(0, ValueError("first"))
    pool.tasks[1][0].set_exception(ValueError("second"))
    failure = whole.exception(timeout=30)
    assert isinstance(failure, EngineFailed)
    assert str(failure.__cause__) == "first"


def test_closing_cancels_what_is_waiting(pool: HandPool, order: Order) -> None:
    """A closed family answers open requests with a cancellation instead of never."""
    family = SketchFamily(pool)
    whole = family.submit(_CARD, order(samples=2))
    family.close()
    assert whole.cancelled()


def test_a_closed_family_takes_no_requests(pool: HandPool, order: Order) -> None:
    """A request after the end fails as the engine's failure, not as a RuntimeError of the pool."""
    family = SketchFamily(pool)
    family.close()
    with pytest.raises(EngineFailed, match="closed"):
        family.submit(_CARD, order())


def test_processes_draw_what_threads_draw(
    order: Order, photo: Callable[[int, int], Pixels], threads: ThreadPoolExecutor
) -> None:
    """The family runs on a pool of processes as well, to the same pixels."""
    request = order(task=Task.IMAGE_TO_IMAGE, init=photo(512, 512), schedule_start=0.5)
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        (there,) = SketchFamily(processes).submit(_CARD, request).result(timeout=120)
    (here,) = SketchFamily(threads).submit(_CARD, request).result(timeout=120)
    assert np.array_equal(there.pixels, here.pixels)


def test_an_equal_request_is_not_drawn_again(pool: HandPool, order: Order) -> None:
    """It is answered with the very pictures that were handed out before, though it came as another object."""
    family = SketchFamily(pool, memory=Memory(10_000_000))
    whole = family.submit(_CARD, order(samples=2))
    pool.run(0)
    assert family.recall(_CARD, order(samples=2)) is None
    pool.run(1)

    found = family.recall(_CARD, order(samples=2))

    assert found is not None
    assert [id(one) for one in found] == [id(one) for one in whole.result()]


def test_only_the_samples_that_are_missing_are_drawn(pool: HandPool, order: Order) -> None:
    """A picture is remembered by its own seed, in whichever request it was drawn."""
    family = SketchFamily(pool, memory=Memory(10_000_000))
    family.submit(_CARD, order(samples=1))
    pool.run(0)

    whole = family.submit(_CARD, order(samples=3))
    pool.run(2)
    pool.run(1)

    assert len(pool.tasks) == 3
    assert [picture.seed for picture in whole.result()] == list(order(samples=3).seeds())


_OTHERS: dict[str, Any] = {
    "width": 576,
    "height": 576,
    "seed": 8,
    "prompts": (Prompt("a barn", 0.5),),
    "steps": 50,
    "cfg_scale": 9.0,
    "sampler": Sampler.K_EULER,
    "guidance": "SLOW",
    "style": "anime",
}


@pytest.mark.parametrize("change", _OTHERS)
def test_another_request_is_another_picture(pool: HandPool, order: Order, change: str) -> None:
    """Whatever decides a picture is looked at before an old one is handed out."""
    family = SketchFamily(pool, memory=Memory(10_000_000))
    family.submit(_CARD, order())
    pool.run(0)

    assert family.recall(_CARD, order(**{change: _OTHERS[change]})) is None


def test_every_word_of_a_request_is_looked_at() -> None:
    """A new field of a request must not be forgotten here: it may decide the picture."""
    arrays = {"init", "mask", "schedule_start", "schedule_end"}

    assert {field.name for field in fields(GenerationRequest)} == _OTHERS.keys() | arrays | {
        "task",
        "engine_id",
        "samples",
    }


def test_another_engine_and_another_task_are_another_picture(
    pool: HandPool, order: Order, photo: Callable[[int, int], Pixels]
) -> None:
    """The engine's name stands in the caption, and a start changes everything."""
    family = SketchFamily(pool, memory=Memory(10_000_000))
    init, mask = photo(512, 512), np.zeros((512, 512), np.uint8)
    redrawn = order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=0.5)
    masked = order(task=Task.MASKING, init=init, mask=mask, schedule_start=0.5)
    for place, asked in enumerate((order(), redrawn, masked)):
        family.submit(_CARD, asked)
        pool.run(place)

    changed = [
        replace(redrawn, init=photo(512, 512)),
        replace(redrawn, schedule_start=0.6),
        replace(redrawn, schedule_end=0.1),
        replace(redrawn, init=None),
        replace(masked, mask=mask.copy()),
    ]

    assert [family.recall(_CARD, asked) for asked in changed] == [None] * 5
    assert family.recall(replace(_CARD, id="another"), order()) is None
    assert family.recall(_CARD, masked) is not None


def test_pictures_cannot_be_changed_by_who_gets_them(threads: ThreadPoolExecutor, order: Order) -> None:
    """The next who asks finds them as they were drawn."""
    (picture,) = SketchFamily(threads).submit(_CARD, order()).result(timeout=30)

    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0] = 0


def test_what_failed_is_not_remembered(pool: HandPool, order: Order) -> None:
    """The next request for it is drawn."""
    family = SketchFamily(pool, memory=Memory(10_000_000))
    family.submit(_CARD, order())
    pool.fail(0, MemoryError("no room"))

    assert family.recall(_CARD, order()) is None
