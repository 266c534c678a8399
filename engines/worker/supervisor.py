"""The parent's side of one device: a queue of jobs, the worker that does them one by one, and its restarts."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from engines.analysis.types import Findings, Question
from engines.errors import EngineFailed
from engines.types import EngineCard, GenerationRequest, Pixels
from engines.weights.setup import AnalystSetup, EngineSetup, Located
from engines.worker import journal
from engines.worker.events import Events
from engines.worker.messages import (
    Cancel,
    Done,
    Errand,
    Failed,
    FromWorker,
    Holdings,
    Inquiry,
    Job,
    Note,
    Pictures,
    Progress,
    Ready,
    Trouble,
)
from engines.worker.process import CHILD, Means
from engines.worker.starts import Patience, Starts
from engines.worker.status import DeviceState
from engines.worker.tickets import Ticket
from engines.worker.worker import Worker


class Supervisor:
    """Looks after the worker of ``device``; starts it with the first job.

    ``means`` is what the worker may use. ``changed`` is called, in any thread, whenever ``state()`` says something
    new apart from steps. The public methods may be called from any thread; private ones run in that of the events.
    """

    def __init__(
        self,
        device: str,
        means: Means = Means(),  # noqa: B008 -- frozen
        *,
        child: str = CHILD,
        patience: Patience | None = None,
        changed: Callable[[], None] | None = None,
    ) -> None:
        self._device = device
        self._means = means
        self._child = child
        self._patience = patience or Patience()
        self._changed = changed
        self._ids = itertools.count(1)
        self._events = Events(f"supervisor-{device}", self._advance, self._seconds_until_due, self._leave)
        self._starts = Starts(self._patience)
        self._warm = False
        self._waiting: dict[int, Ticket[Any]] = {}
        self._running: Ticket[Any] | None = None
        self._worker: Worker | None = None
        self._state = DeviceState(device)

    def submit(
        self,
        card: EngineCard,
        request: GenerationRequest,
        setup: EngineSetup,
        weights: Located,
        safety: Located | None = None,
        guidance: Located | None = None,
    ) -> Future[Pictures]:
        """Put a job at the end of the queue; returns at once.

        The future can be cancelled until it is done, and fails with an ``EngineFailed``. Raises the same
        after ``close()``.
        """
        return self._given(Job(next(self._ids), card, request, setup, weights, safety, guidance))

    def ask(self, question: Question, setup: AnalystSetup, weights: Located) -> Future[Findings | Pixels]:
        """Put a question at the end of the same queue, as ``submit`` does with a request."""
        return self._given(Inquiry(next(self._ids), question, setup, weights))

    def warm(self) -> None:
        """Start the worker before anybody waits for it; returns at once."""
        self._events.tell(self._warm_up)

    def state(self) -> DeviceState:
        """How things stand."""
        return self._state

    def close(self) -> None:
        """Cancel every job and end the worker; returns when both are done, in seconds."""
        self._events.close()

    def _given(self, errand: Errand) -> Future[Any]:
        """The future of a new ticket. Any: what it holds depends on the errand."""
        ticket: Ticket[Any] = Ticket(errand, lambda number: self._events.tell(self._cancel, number))
        if not self._events.tell(self._line_up, ticket):
            raise EngineFailed("the engine is closed")
        return ticket.future

    def _seconds_until_due(self) -> float | None:
        due = self._worker.deadline if self._worker else self._starts.next if self._wants_worker() else None
        return None if due is None else max(0.0, due - time.monotonic())

    def _leave(self) -> None:
        """Leave nobody waiting, also where the thread ends by an error of its own."""
        for ticket in (*filter(None, [self._running]), *self._waiting.values()):
            ticket.future.cancel()
        self._waiting.clear()
        self._running = None
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._publish()

    def _wants_worker(self) -> bool:
        return self._warm or bool(self._waiting)

    def _advance(self) -> None:
        """Do what is due."""
        if self._worker is not None:
            self._worker.judge()
        elif self._wants_worker() and time.monotonic() >= self._starts.next:
            self._start()
        if self._worker is not None and self._worker.usable and self._running is None and self._waiting:
            self._running = self._waiting.pop(next(iter(self._waiting)))
            self._worker.send(self._running.job)
        self._publish()

    def _start(self) -> None:
        self._warm = False
        try:
            worker = Worker(
                self._device,
                self._means,
                self._child,
                lambda worker, message: self._events.tell(self._hear, worker, message),
                lambda worker, code: self._events.tell(self._bury, worker, code),
            )
        except OSError as exc:
            self._not_started(f"no process can be started: {exc}")
            return
        worker.expect(self._patience.start, "it was not ready in time")
        journal.starting(self._device, worker.pid)
        self._worker = worker

    def _publish(self) -> None:
        worker, running = self._worker, self._running
        ready = worker.ready if worker else None
        holdings = worker.holdings if worker else Holdings((), 0)
        state = DeviceState(
            device=ready.device if ready else self._device,
            name=ready.name if ready else "",
            budget=ready.memory if ready else 0,
            memory=holdings.memory,
            engines=holdings.engines,
            waiting=len(self._waiting),
            running=running.job.setup.engine_id if running else None,
            step=running.step if running else 0,
            steps=running.steps if running else 0,
        )
        before, self._state = self._state, state
        changed = state != replace(before, step=state.step, steps=state.steps)
        if changed and self._changed is not None:
            self._changed()

    def _line_up(self, ticket: Ticket[Any]) -> None:
        if not ticket.future.cancelled():
            self._waiting[ticket.job.id] = ticket

    def _warm_up(self) -> None:
        self._warm = self._worker is None

    def _cancel(self, number: int) -> None:
        self._waiting.pop(number, None)
        if self._worker is not None and self._running is not None and self._running.job.id == number:
            self._hurry(self._worker, self._running)
            self._worker.send(Cancel(number))

    def _hurry(self, worker: Worker, cancelled: Ticket[Any]) -> None:
        patience = cancelled.patience(self._patience.first, self._patience.cancel)
        worker.expect(patience, "it did not stop a cancelled job in time")

    def _hear(self, worker: Worker, message: FromWorker) -> None:
        match message:
            case Ready():
                worker.ready = message
                worker.let_off()
                self._starts.succeeded()
                journal.ready(message, time.monotonic() - worker.started)
            case Note():
                worker.last_words = message.event if message.level >= logging.ERROR else worker.last_words
                journal.note(self._device, message)
            case Holdings():
                worker.holdings = message
            case Progress():
                self._progress(worker, message)
            case Done() | Failed():
                self._settle(worker, message)

    def _progress(self, worker: Worker, progress: Progress) -> None:
        ticket = self._running
        if ticket is not None and ticket.job.id == progress.id:
            ticket.progressed(progress)
            if ticket.future.cancelled():
                self._hurry(worker, ticket)

    def _settle(self, worker: Worker, outcome: Done | Failed) -> None:
        ticket = self._running
        if ticket is None or ticket.job.id != outcome.id:
            return
        self._running = None
        worker.let_off()
        if isinstance(outcome, Done):
            ticket.finish(outcome.result)
            return
        if outcome.trouble is not Trouble.STOPPED:
            journal.failed(self._device, ticket.job, outcome)
        ticket.fail(f"{outcome.trouble}: {outcome.message}")
        if outcome.trouble is Trouble.DEVICE:
            worker.kill("its device is broken")

    def _bury(self, worker: Worker, code: int) -> None:
        """The worker has ended; its running job fails, and those that wait get another worker."""
        why = worker.epitaph(code)
        self._worker = None
        worker.close()
        ticket, self._running = self._running, None
        journal.ended(self._device, worker.pid, why, ticket.job if ticket else None)
        if ticket is not None:
            ticket.fail(f"the worker of {self._device} was lost: {why}")
        if worker.ready is None:
            self._not_started(why)

    def _not_started(self, why: str) -> None:
        """Nobody shall wait for ever for a worker that cannot be started; the next job tries again."""
        if not self._starts.failed():
            return
        given_up, self._waiting = self._waiting, {}
        for ticket in given_up.values():
            ticket.fail(f"the worker of {self._device} cannot be started: {why}")
