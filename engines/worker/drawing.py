"""How a worker does one job: weights, a picture for every seed, the checker's verdict, and what is said of a failure.

Nothing here imports torch: what knows the device and the weights is handed in.
"""

from __future__ import annotations

import functools
import logging
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from engines.analysis.types import Findings
from engines.loading.model import BudgetExceeded, Model, Order, Stopped, Thrift, Watch, WeightsUnusable
from engines.reading.reader import Reader
from engines.types import Picture, Pixels
from engines.weights.setup import AnalystSetup, EngineSetup, Located
from engines.worker.messages import Done, Errand, Failed, FromWorker, Holdings, Inquiry, Job, Note, Progress, Trouble

_SOME = 0.1
"""Seconds between two reports of progress, at least."""
_LONGEST = 500
_FRAMES = 4
_TELLING = 3
"""Letters that a caller's text must have at least for it to be looked for in a message."""

T = TypeVar("T")


class Checker(Protocol):
    """A judge of finished pictures."""

    def unsafe(self, pixels: Pixels) -> bool:
        """Whether the picture should not be shown."""
        ...


class Keeper(Protocol):
    """Whoever loads models and lets go of them."""

    def lend(self, setup: EngineSetup, located: Located, guidance: Located | None) -> Model:
        """The engine, loaded now if it is not yet. Raises ``WeightsUnusable``."""
        ...

    def safety(self, located: Located) -> Checker:
        """The checker, loaded likewise."""
        ...

    def reader(self, setup: AnalystSetup, located: Located) -> Reader:
        """The analyst, loaded likewise."""
        ...

    def holdings(self) -> Holdings:
        """Everything that is loaded."""
        ...

    def release(self) -> None:
        """Free all memory that can be freed."""
        ...


class Device(Protocol):
    """Who can tell what an exception says about the device."""

    def is_out_of_memory(self, error: BaseException, /) -> bool:
        """Whether the work may succeed with more free memory."""
        ...

    def is_broken(self, error: BaseException, /) -> bool:
        """Whether nothing will succeed any more in this process."""
        ...

    def free(self) -> None:
        """Give memory back that is held in reserve."""
        ...


class Drawing:
    """Does jobs one after the other. ``tell`` sends a message to the parent."""

    def __init__(self, keeper: Keeper, device: Device, tell: Callable[[FromWorker], None]) -> None:
        self._keeper = keeper
        self._device = device
        self._tell = tell
        self._told = Holdings((), 0)

    def do(self, job: Errand, stopped: Callable[[], bool]) -> Done | Failed:
        """Every picture of the job or the answer to its question, or why there is none."""
        try:
            made = self._pictures(job, stopped) if isinstance(job, Job) else self._answer(job, stopped)
            return Done(job.id, made)
        except Stopped:
            return Failed(job.id, Trouble.STOPPED, "cancelled")
        except WeightsUnusable as exc:
            return Failed(job.id, Trouble.WEIGHTS, str(exc)[:_LONGEST])
        except Exception as exc:
            # The boundary of the process: whatever any library raises for this one job must not end the worker,
            # which holds loaded engines and has further jobs to do.
            return Failed(job.id, self._trouble(exc), described(exc, _texts(job)))
        finally:
            self._tell_holdings()

    def _pictures(self, job: Job, stopped: Callable[[], bool]) -> tuple[Picture, ...]:
        seeds = job.request.seeds()
        report = _Report(job.id, len(seeds), self._tell)
        pictures = []
        for place, seed in enumerate(seeds):
            watch = Watch(stopped, functools.partial(report.step, place))
            pictures.append(self._with_room(job, functools.partial(self._picture, job, seed, watch)))
        return tuple(pictures)

    def _picture(self, job: Job, seed: int, watch: Watch, thrift: Thrift) -> Picture:
        """One attempt. It borrows anew, since what it borrowed before may have been let go to make room."""
        model = self._lent(job, lambda: self._keeper.lend(job.setup, job.weights, job.guidance))
        checker = self._keeper.safety(job.safety) if job.safety else None
        if watch.stopped():
            raise Stopped
        pixels = model.draw(Order(job.card, job.request, seed, watch, thrift))
        return Picture(pixels, seed, unsafe=checker is not None and checker.unsafe(pixels))

    def _answer(self, job: Inquiry, stopped: Callable[[], bool]) -> Findings | Pixels:
        """Borrows anew for every attempt, like a picture."""
        watch = Watch(stopped, functools.partial(_Report(job.id, 1, self._tell).step, 0))

        def attempt(thrift: Thrift) -> Findings | Pixels:
            reader = self._lent(job, lambda: self._keeper.reader(job.setup, job.weights))
            watch.step(0, 1)
            return reader.answer(job.question, watch, thrift)

        return self._with_room(job, attempt)

    def _with_room(self, job: Errand, attempt: Callable[[Thrift], T]) -> T:
        """Try again, thriftier, where memory runs out.

        Every picture begins without thrift, like one that is asked for alone: tiles change pixels a little.
        """
        thrift = Thrift.NONE
        while True:
            try:
                return attempt(thrift)
            except Exception as exc:
                # Weights that are too large for the budget stay too large, however thrifty the work.
                hopeless = thrift is Thrift.FRUGAL or isinstance(exc, BudgetExceeded)
                if hopeless or not self._device.is_out_of_memory(exc):
                    raise
            # Not inside the except: the frames of the exception hold what is to be freed.
            thrift = Thrift(thrift + 1)
            self._note(logging.WARNING, "out of memory, trying again", job, thrift=thrift.name.lower())
            self._make_room()

    def _make_room(self) -> None:
        self._keeper.release()
        self._device.free()
        self._tell_holdings()

    def _lent(self, job: Errand, lend: Callable[[], T]) -> T:
        if job.setup.engine_id in self._loaded():
            return lend()
        self._note(logging.INFO, "loading", job)
        began = time.monotonic()
        model = lend()
        seconds = round(time.monotonic() - began, 2)
        megabytes = round(self._loaded().get(job.setup.engine_id, 0) / 1e6, 1)
        self._note(logging.INFO, "loaded", job, seconds=seconds, megabytes=megabytes)
        self._tell_holdings()
        return model

    def _loaded(self) -> dict[str, int]:
        return {held.engine_id: held.memory for held in self._keeper.holdings().engines}

    def _tell_holdings(self) -> None:
        holdings = self._keeper.holdings()
        if holdings != self._told:
            self._told = holdings
            self._tell(holdings)

    def _note(self, level: int, event: str, job: Errand, **facts: str | float) -> None:
        self._tell(Note(level, event, (("engine", job.setup.engine_id), ("job", job.id), *facts.items())))

    def _trouble(self, exc: Exception) -> Trouble:
        if self._device.is_out_of_memory(exc):
            return Trouble.MEMORY
        return Trouble.DEVICE if self._device.is_broken(exc) else Trouble.WORK


class _Report:
    """Adds the steps of all samples up, and is silent most of the time."""

    def __init__(self, job: int, samples: int, tell: Callable[[FromWorker], None]) -> None:
        self._job = job
        self._samples = samples
        self._tell = tell
        self._last = float("-inf")

    def step(self, place: int, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= _SOME:
            self._last = now
            self._tell(Progress(self._job, place * total + done, self._samples * total))


def _texts(job: Errand) -> Iterable[str]:
    """Everything that a caller wrote."""
    if isinstance(job, Job):
        return [prompt.text for prompt in job.request.prompts]
    return [*job.question.texts, *job.question.labels]


def described(exc: BaseException, texts: Iterable[str]) -> str:
    """An exception in one line: type, message without any of ``texts``, and the innermost places in the code."""
    said = " ".join(str(exc).split())
    written = {" ".join(text.split()) for text in texts}
    for text in sorted((text for text in written if len(text) >= _TELLING), key=len, reverse=True):
        said = said.replace(text, "<prompt>")
    frames = traceback.extract_tb(exc.__traceback__)[-_FRAMES:]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(exc).__name__}: {said[:_LONGEST]} ({places})"
