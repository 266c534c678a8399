"""The worker's own main loop, on a model that is none: hearing while it works, ending with its parent, what it logs."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from engines.catalog import CARDS
from engines.errors import EngineFailed
from engines.types import GenerationRequest, Prompt
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker.starts import Patience
from engines.worker.supervisor import Supervisor
from tests.running import PATIENCE, ROOT
from tests.store.servers import alive, wait_until

CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")
SETUP = EngineSetup(CARD.id, Kind.DIFFUSION, Source(path=Path("weights")))


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """A supervisor whose worker imitates drawing."""
    made = Supervisor("cpu", child="tests.engines.children.imitating")
    yield made
    made.close()


@pytest.fixture
def give(supervisor: Supervisor, order: Callable[..., GenerationRequest]) -> Callable[[str], Future[Any]]:
    """Give it a job that says what the model does."""
    return lambda script: supervisor.submit(CARD, order(prompts=(Prompt(script),)), SETUP, Located())


def test_a_cancel_is_heard_during_the_work(supervisor: Supervisor, give: Callable[[str], Future[Any]]) -> None:
    """The worker stops between two steps and does the next job."""
    running = give("work")
    wait_until(lambda: supervisor.state().step > 1)
    before = supervisor.state().name
    running.cancel()
    assert give("draw").result(PATIENCE)
    assert supervisor.state().name == before


def test_a_broken_device_ends_the_worker(supervisor: Supervisor, give: Callable[[str], Future[Any]]) -> None:
    """The job fails, and the next one is done by a new process."""
    give("draw").result(PATIENCE)
    before = supervisor.state().name
    with pytest.raises(EngineFailed, match="device-side assert"):
        give("break").result(PATIENCE)
    assert give("draw").result(PATIENCE)
    assert supervisor.state().name != before


def test_what_libraries_say_stays_out_of_the_log(
    give: Callable[[str], Future[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """Our own lines and errors of libraries are logged; warnings, which may quote a prompt, are not."""
    with caplog.at_level(logging.DEBUG, "understudy.engines"):
        give("talk").result(PATIENCE)
    lines = {record.message: vars(record)["facts"] for record in caplog.records}
    assert lines["evicted"]["engine"] == "another"
    assert lines["something is wrong"]["library"] == "diffusers"
    assert "secret" not in str(lines)


def test_without_torch_the_log_says_what_is_missing(
    order: Callable[..., GenerationRequest], caplog: pytest.LogCaptureFixture
) -> None:
    """Requests fail, and the owner reads why."""
    bare = Supervisor(
        "cpu", child="tests.engines.children.torchless", patience=Patience(pause=0.01, longest_pause=0.01)
    )
    with caplog.at_level(logging.ERROR, "understudy.engines"), pytest.raises(EngineFailed, match="torch"):
        bare.submit(CARD, order(), SETUP, Located()).result(PATIENCE)
    bare.close()
    assert "cannot be imported" in caplog.text


_PARENT = """
import sys, time
from pathlib import Path
from engines.catalog import CARDS
from engines.types import GenerationRequest, Prompt, Task
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker.supervisor import Supervisor

supervisor = Supervisor("cpu", child="tests.engines.children.imitating")
setup = EngineSetup(CARDS[3].id, Kind.DIFFUSION, Source(path=Path("weights")))
request = GenerationRequest(Task.TEXT_TO_IMAGE, CARDS[3].id, 64, 64, 1, (Prompt(sys.argv[1]),))
supervisor.submit(CARDS[3], request, setup, Located())
while supervisor.state().step < 1:
    time.sleep(0.01)
print(supervisor.state().name.split()[1], flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("script", ["work", "busy"])
def test_the_worker_ends_with_a_killed_server(script: str) -> None:
    """After kill -9 of the server the worker ends by itself, between two steps or stuck in one."""
    command = [sys.executable, "-c", _PARENT, script]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert alive(worker)
        parent.kill()
    wait_until(lambda: not alive(worker))
