"""How long a worker may take to stop a job that was cancelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.catalog import CARDS
from engines.types import GenerationRequest
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker import tickets
from engines.worker.messages import Job, Progress
from engines.worker.tickets import Ticket

CARD = CARDS[0]
FIRST, CANCEL = 300.0, 30.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which goes on when a test says so."""
    now = [100.0]
    monkeypatch.setattr(tickets.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def ticket(order: Callable[..., GenerationRequest], clock: list[float]) -> Ticket:
    """A job that nobody has begun."""
    setup = EngineSetup(CARD.id, Kind.DIFFUSION, Source(path=Path("weights")))
    return Ticket(Job(1, CARD, order(), setup, Located()), lambda number: None)


def test_loading_and_compiling_take_their_time(ticket: Ticket) -> None:
    """Before the first step the worker cannot hear, and is not killed for that soon."""
    assert ticket.patience(FIRST, CANCEL) == FIRST


def test_between_two_steps_a_cancel_is_heard_soon(ticket: Ticket, clock: list[float]) -> None:
    """Once it steps, the ordinary patience holds."""
    for step in (1, 2, 3):
        ticket.progressed(Progress(1, step, 100))
        clock[0] += 1.0

    assert ticket.patience(FIRST, CANCEL) == CANCEL


def test_slow_steps_are_known_to_be_slow(ticket: Ticket, clock: list[float]) -> None:
    """Where the slowest step took longer than that, three of its kind may pass; time before the first is no step."""
    clock[0] += 1000.0
    for step, seconds in ((1, 20.0), (2, 5.0), (3, 0.0)):
        ticket.progressed(Progress(1, step, 100))
        clock[0] += seconds

    assert ticket.patience(FIRST, CANCEL) == 3 * 20.0
