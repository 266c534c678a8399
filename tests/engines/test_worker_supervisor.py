"""The queue of one device: order, cancelling, crashes, hangs and restarts of its worker."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.catalog import CARDS
from engines.errors import EngineFailed
from engines.types import GenerationRequest, Prompt
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker.process import Means
from engines.worker.starts import Patience
from engines.worker.supervisor import Supervisor
from tests.running import PATIENCE, ROOT
from tests.store.servers import alive, wait_until

Order = Callable[..., GenerationRequest]
Give = Callable[..., Future[Any]]

CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")
SETUP = EngineSetup(CARD.id, Kind.DIFFUSION, Source(hub="ada/model"), device="cpu")
CHILDREN = "tests.engines.children."
EAGER = Patience(pause=0.01, longest_pause=0.02)


@pytest.fixture
def make(order: Order) -> Iterator[Callable[..., tuple[Supervisor, Give]]]:
    """A supervisor of a worker without torch, and a way to give it a job that says what the worker does."""
    made: list[Supervisor] = []

    def build(child: str = "scripted", **settings: Any) -> tuple[Supervisor, Give]:
        means = Means(settings.pop("memory", ()), settings.pop("threads", 0))
        supervisor = Supervisor("cpu", means, child=CHILDREN + child, **settings)
        made.append(supervisor)

        def give(script: str = "draw", **changes: Any) -> Future[Any]:
            request = order(prompts=(Prompt(script),), width=64, height=64, **changes)
            return supervisor.submit(CARD, request, SETUP, Located(folder=Path("weights")))

        return supervisor, give

    yield build
    for supervisor in made:
        supervisor.close()


def pid_of(supervisor: Supervisor) -> int:
    """The worker's process, which the scripted one tells in its name."""
    wait_until(lambda: supervisor.state().name != "")
    return int(supervisor.state().name.split()[1])


def step_of(supervisor: Supervisor) -> int:
    """How far the running job is."""
    return supervisor.state().step


def test_a_job_gives_its_pictures(make: Callable[..., Any]) -> None:
    """The pictures come in the order of their seeds."""
    _, give = make()
    assert [picture.seed for picture in give(samples=3).result(PATIENCE)] == [7, 8, 9]


def test_nothing_runs_before_the_first_job(make: Callable[..., Any]) -> None:
    """A server that nobody asks for pictures has no worker."""
    supervisor, _ = make()
    assert supervisor.state().name == ""


def test_a_worker_can_be_started_early(make: Callable[..., Any]) -> None:
    """Warming up starts the worker, and the first job finds it there."""
    supervisor, give = make()
    supervisor.warm()
    early = pid_of(supervisor)
    give().result(PATIENCE)
    assert pid_of(supervisor) == early


def test_the_state_tells_what_is_held_and_done(make: Callable[..., Any], tmp_path: Path) -> None:
    """Budget, loaded engines, the running engine with its steps and the length of the queue are visible."""
    supervisor, give = make(memory=(("cpu", 5000),))
    give().result(PATIENCE)
    give(f"until:{tmp_path / 'go'}")
    give()
    wait_until(lambda: step_of(supervisor) > 1)
    state = supervisor.state()
    assert (state.budget, state.memory, state.engines[0].engine_id) == (5000, 700, CARD.id)
    assert (state.running, state.steps, state.waiting) == (CARD.id, 100, 1)


def test_jobs_are_done_in_the_order_of_their_arrival(make: Callable[..., Any]) -> None:
    """First come, first served."""
    _, give = make()
    finished: list[int] = []
    jobs = [give(seed=seed) for seed in range(1, 6)]
    for job in jobs:
        job.add_done_callback(lambda done: finished.append(done.result()[0].seed))
    wait(jobs, PATIENCE)
    assert finished == [1, 2, 3, 4, 5]


def test_jobs_of_many_threads_get_their_own_pictures(make: Callable[..., Any]) -> None:
    """Eight clients at once each receive what they asked for."""
    _, give = make()
    with ThreadPoolExecutor(8) as clients:
        seeds = list(clients.map(lambda seed: give(seed=seed).result(PATIENCE)[0].seed, range(1, 81)))
    assert seeds == list(range(1, 81))


def test_a_waiting_job_can_be_cancelled(make: Callable[..., Any], tmp_path: Path) -> None:
    """Whoever hangs up in the queue leaves it, and nobody else notices."""
    supervisor, give = make()
    running, leaving, staying = give(f"until:{tmp_path / 'go'}"), give("die"), give()
    assert leaving.cancel()
    wait_until(lambda: (supervisor.state().running, supervisor.state().waiting) == (CARD.id, 1))
    (tmp_path / "go").touch()
    assert running.result(PATIENCE)
    assert staying.result(PATIENCE)


def test_the_running_job_stops_at_its_next_step(make: Callable[..., Any], tmp_path: Path) -> None:
    """Whoever hangs up while the picture is drawn frees the device for the next, in the same worker."""
    supervisor, give = make()
    running = give(f"until:{tmp_path / 'never'}")
    wait_until(lambda: step_of(supervisor) > 1)
    before = pid_of(supervisor)
    assert running.cancel()
    assert give().result(PATIENCE)
    assert pid_of(supervisor) == before


def test_a_cancelled_job_wakes_those_who_wait_for_it(make: Callable[..., Any], tmp_path: Path) -> None:
    """Waiting for a cancelled job ends at once."""
    supervisor, give = make()
    running = give(f"until:{tmp_path / 'never'}")
    wait_until(lambda: step_of(supervisor) > 1)
    running.cancel()
    assert wait([running], PATIENCE).done == {running}


@pytest.mark.parametrize("script", ["die", "exit", "babble"])
def test_a_crash_fails_only_the_running_job(make: Callable[..., Any], script: str) -> None:
    """The job that was being done fails; those that waited are done by a new worker, which is started at once."""
    supervisor, give = make(patience=Patience(pause=600, longest_pause=600))
    supervisor.warm()
    before = pid_of(supervisor)
    lost, waiting = give(script), [give(), give()]
    with pytest.raises(EngineFailed, match="lost"):
        lost.result(PATIENCE)
    assert all(job.result(PATIENCE) for job in waiting)
    assert pid_of(supervisor) != before


def test_a_crash_is_in_the_log_without_the_prompt(make: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    """The owner reads which engine lost its worker to which signal, and nothing of what was asked."""
    _, give = make()
    with caplog.at_level(logging.INFO, "understudy.engines"):
        wait([give("die")], PATIENCE)
    (record,) = [record for record in caplog.records if record.message == "worker ended"]
    facts = vars(record)["facts"]
    assert facts["engine"] == CARD.id
    assert "SIGKILL" in facts["problem"]
    assert "die" not in str([vars(record)["facts"] for record in caplog.records])


def test_what_a_lost_worker_held_is_not_shown_any_more(make: Callable[..., Any]) -> None:
    """Nothing is loaded until another worker has loaded it."""
    supervisor, give = make()
    give().result(PATIENCE)
    wait_until(lambda: supervisor.state().memory == 700)
    wait([give("die")], PATIENCE)
    wait_until(lambda: (supervisor.state().engines, supervisor.state().memory) == ((), 0))


def test_a_worker_killed_while_idle_is_replaced(make: Callable[..., Any]) -> None:
    """A worker that the system takes away between two jobs costs nobody anything."""
    supervisor, give = make()
    give().result(PATIENCE)
    os.kill(pid_of(supervisor), signal.SIGKILL)
    wait_until(lambda: supervisor.state().name == "")
    assert give().result(PATIENCE)


def test_a_broken_device_gets_a_new_worker(make: Callable[..., Any]) -> None:
    """After a fault of the device itself the next job is done by another process."""
    supervisor, give = make()
    supervisor.warm()
    before = pid_of(supervisor)
    broken, waiting = give("device"), give()
    with pytest.raises(EngineFailed):
        broken.result(PATIENCE)
    assert waiting.result(PATIENCE)
    assert pid_of(supervisor) != before


@pytest.mark.parametrize("script", ["work", "memory", "weights"])
def test_a_failed_job_leaves_the_worker_alive(make: Callable[..., Any], script: str) -> None:
    """A job that cannot be done fails alone; the next is done by the same worker."""
    supervisor, give = make()
    with pytest.raises(EngineFailed, match=script):
        give(script).result(PATIENCE)
    before = pid_of(supervisor)
    give().result(PATIENCE)
    assert pid_of(supervisor) == before


def test_unusable_weights_are_logged_with_the_command_that_mends_them(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The owner is told what to type."""
    _, give = make()
    with caplog.at_level(logging.INFO, "understudy.engines"):
        wait([give("weights")], PATIENCE)
    (record,) = [record for record in caplog.records if record.message == "generation failed"]
    assert vars(record)["facts"]["mend"] == f"understudy engines pull {CARD.id}"


@pytest.mark.parametrize("script", ["hang", "load"])
def test_a_worker_that_ignores_a_cancel_is_killed(make: Callable[..., Any], script: str) -> None:
    """A worker that hangs is replaced after a while, and the queue goes on."""
    supervisor, give = make(patience=Patience(cancel=0.05, first=0.05))
    supervisor.warm()
    before = pid_of(supervisor)
    hanging, waiting = give(script), give()
    wait_until(lambda: supervisor.state().running is not None)
    hanging.cancel()
    assert waiting.result(PATIENCE)
    assert not alive(before)


def test_a_worker_that_never_gets_ready_is_given_up(make: Callable[..., Any]) -> None:
    """Whoever waits for a worker that hangs while it starts is told after a few tries."""
    _, give = make("deaf", patience=replace(EAGER, start=0.2))
    with pytest.raises(EngineFailed, match="not ready in time"):
        give().result(PATIENCE)


def test_a_worker_that_cannot_start_fails_all_jobs_with_its_reason(make: Callable[..., Any], tmp_path: Path) -> None:
    """Without torch every waiting job fails, after three tries, and the reason is passed on."""
    illness = tmp_path / "ill"
    illness.touch()
    _, give = make("stillborn", memory=(("ill", illness),), patience=EAGER)
    for job in [give(), give()]:
        with pytest.raises(EngineFailed, match="torch is not installed"):
            job.result(PATIENCE)
    assert illness.read_text() == "xxx"


def test_the_next_job_tries_a_failed_start_again(make: Callable[..., Any], tmp_path: Path) -> None:
    """What has been mended works without a restart of the server."""
    illness = tmp_path / "ill"
    illness.touch()
    _, give = make("stillborn", memory=(("ill", illness),), patience=EAGER)
    wait([give()], PATIENCE)
    illness.unlink()
    assert give().result(PATIENCE)


def test_closing_ends_every_job_and_the_worker(make: Callable[..., Any], tmp_path: Path) -> None:
    """Nobody hangs when the server ends: running and waiting jobs are cancelled."""
    supervisor, give = make()
    jobs = [give(f"until:{tmp_path / 'never'}"), give(), give()]
    wait_until(lambda: step_of(supervisor) > 1)
    worker = pid_of(supervisor)
    supervisor.close()
    for job in jobs:
        with pytest.raises(CancelledError):
            job.result(0)
    assert not alive(worker)


def test_closing_does_not_need_the_workers_consent(make: Callable[..., Any]) -> None:
    """A worker that ignores every hint is ended all the same, and so is its job."""
    supervisor, give = make("deaf")
    job = give()
    wait_until(lambda: supervisor.state().waiting == 1)
    supervisor.close()
    assert job.cancelled()


def test_a_closed_supervisor_takes_no_jobs(make: Callable[..., Any]) -> None:
    """A request after the end fails as the engine's failure."""
    supervisor, give = make()
    supervisor.close()
    with pytest.raises(EngineFailed, match="closed"):
        give()


def test_changes_are_announced_but_not_every_step(make: Callable[..., Any], tmp_path: Path) -> None:
    """Whoever shows the state hears of queue and holdings, and is spared the steps."""
    seen: list[tuple[int, int]] = []
    supervisor, give = make(changed=lambda: seen.append((supervisor.state().waiting, supervisor.state().memory)))
    running = give(f"until:{tmp_path / 'go'}")
    wait_until(lambda: step_of(supervisor) > 5)
    (tmp_path / "go").touch()
    running.result(PATIENCE)
    wait_until(lambda: supervisor.state().running is None)
    assert seen[0] == (1, 0)
    assert seen[-1] == (0, 700)
    assert len(seen) < 8


_PARENT = f"""
import sys, time
from pathlib import Path
from engines.catalog import CARDS
from engines.types import GenerationRequest, Prompt, Task
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker.process import Means
from engines.worker.supervisor import Supervisor

supervisor = Supervisor("cpu", child="{CHILDREN}scripted")
setup = EngineSetup(CARDS[3].id, Kind.DIFFUSION, Source(hub="ada/model"))
request = GenerationRequest(Task.TEXT_TO_IMAGE, CARDS[3].id, 64, 64, 1, (Prompt("until:/nowhere/never"),))
supervisor.submit(CARDS[3], request, setup, Located())
while supervisor.state().step < 2:
    time.sleep(0.01)
print(supervisor.state().name.split()[1], flush=True)
time.sleep(600)
"""


def test_a_worker_stays_offline_and_learns_no_secrets(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Libraries download nothing while a request waits, and no key or token is in the process that reads weights."""
    for name in ("UNDERSTUDY_API_KEY", "REDIS_URL", "HF_TOKEN"):
        monkeypatch.setenv(name, "a secret")
    supervisor, _ = make("telling", memory=(("cpu", 5000),), threads=3)
    supervisor.warm()
    wait_until(lambda: supervisor.state().name != "")
    told = json.loads(supervisor.state().name)
    assert (told["environment"]["HF_HUB_OFFLINE"], told["environment"]["TRANSFORMERS_OFFLINE"]) == ("1", "1")
    assert "a secret" not in told["environment"].values()
    assert told["means"] == ["threads=3", "cpu=5000"]


def test_a_worker_does_not_outlive_a_killed_server() -> None:
    """After kill -9 of the server the worker ends by itself, also in the middle of a picture."""
    with subprocess.Popen([sys.executable, "-c", _PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert alive(worker)
        parent.kill()
    wait_until(lambda: not alive(worker))


def test_ctrl_c_at_the_terminal_does_not_reach_a_worker(make: Callable[..., Any]) -> None:
    """A worker has a session of its own, so that the server can end it in order."""
    supervisor, _ = make()
    supervisor.warm()
    worker = pid_of(supervisor)
    assert os.getsid(worker) == worker
