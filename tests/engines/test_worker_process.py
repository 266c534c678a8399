"""What a worker costs its server: nothing that stays behind, and no picture is too large for the pipe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from pathlib import Path

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.types import GenerationRequest, Prompt
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker.starts import Patience
from engines.worker.supervisor import Supervisor
from tests.running import PATIENCE

Order = Callable[..., GenerationRequest]

CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")
SETUP = EngineSetup(CARD.id, Kind.DIFFUSION, Source(hub="ada/model"), device="cpu")
WEIGHTS = Located(folder=Path("weights"))
DRAW, DIE = ((Prompt(word),) for word in ("draw", "die"))


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """One whose worker has no torch."""
    made = Supervisor("cpu", child="tests.engines.children.scripted", patience=Patience(pause=0.01, longest_pause=0.02))
    yield made
    made.close()


def test_the_largest_pictures_cross_both_ways(supervisor: Supervisor, order: Order) -> None:
    """Jobs with pictures of 12 MB are sent while answers of 70 MB come back, and nobody waits for the other."""
    sent = np.zeros((2048, 2048, 3), np.uint8)
    request = order(prompts=DRAW, width=1536, height=1536, samples=10, init=sent, mask=sent[..., 0])

    jobs = [supervisor.submit(CARD, request, SETUP, WEIGHTS) for _ in range(3)]

    for job in jobs:
        pictures = job.result(PATIENCE)
        assert [picture.pixels.shape for picture in pictures] == [(1536, 1536, 3)] * 10


def test_lost_workers_leave_no_file_and_no_thread_open(supervisor: Supervisor, order: Order) -> None:
    """A worker that crashes all day does not wear the server out."""
    die, draw = (order(prompts=prompts, width=64, height=64) for prompts in (DIE, DRAW))

    def held() -> tuple[int, int]:
        supervisor.submit(CARD, draw, SETUP, WEIGHTS).result(PATIENCE)
        return len([*Path("/dev/fd").iterdir()]), threading.active_count()

    before = held()
    for _ in range(4):
        wait([supervisor.submit(CARD, die, SETUP, WEIGHTS)], PATIENCE)

    assert held() == before


def test_a_closed_worker_leaves_no_thread_behind(order: Order) -> None:
    """Closing returns when all threads have ended."""
    before = threading.active_count()
    supervisor = Supervisor("cpu", child="tests.engines.children.scripted")
    supervisor.submit(CARD, order(prompts=DRAW, width=64, height=64), SETUP, WEIGHTS).result(PATIENCE)

    supervisor.close()

    assert threading.active_count() == before
