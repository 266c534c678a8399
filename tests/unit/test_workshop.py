"""Real engines as the server sees them: the line in front of them, and what of the settings reaches them."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from app import hall
from app.errors import Busy
from app.settings import BadSetting, Settings
from app.workshop import Engines, open_workshop
from engines.analysis.types import Analysis, Question
from engines.types import EngineCard
from engines.weights.disk import Disk
from engines.weights.setup import Workshop
from engines.worker.process import Means
from tests.running import PATIENCE

Open = Callable[..., Engines]
TWO_DEVICES = """only = true
[engines.stable-diffusion-v1-5]
path = "one"
device = "cuda:0"
[engines.stable-diffusion-v1-6]
path = "two"
device = "cuda:1"
[engines.mine]
like = "stable-diffusion-v1-5"
path = "three"
name = "Mine"
description = "My own"
device = "cuda:1"
"""
READING = """
[analysis.text-safety]
path = "four"
device = "cuda:2"
"""


class NotedFamily:
    """A family that offers everything, draws nothing, and notes what it was made of."""

    name = "noted"

    def __init__(self, engines: Workshop, disk: Disk, workers: NotedWorkers) -> None:
        self.engines, self.disk, self.workers = engines, disk, workers
        self.warmed = 0
        self.busy = 0

    def offers(self, card: EngineCard) -> bool:
        return True

    def running(self) -> int:
        return self.busy

    def warm(self) -> None:
        self.warmed += 1


class NotedWorkers:
    """Workers that are never started, and note what they were made of."""

    def __init__(self, devices: Iterable[str], means: Means, status: Path) -> None:
        self.devices, self.means, self.status = list(devices), means, status
        self.warmed = 0

    def warm(self) -> None:
        self.warmed += 1


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[NotedWorkers]:
    """The workers that were made, on a machine that seems to have torch."""
    found: list[NotedWorkers] = []

    def make(*parts: Any) -> NotedWorkers:
        found.append(NotedWorkers(*parts))
        return found[-1]

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(hall, "Workers", make)
    return found


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, workers: list[NotedWorkers]) -> list[NotedFamily]:
    """The families that were made, with such workers."""
    families: list[NotedFamily] = []

    def make(*parts: Any) -> NotedFamily:
        families.append(NotedFamily(*parts))
        return families[-1]

    monkeypatch.setattr(hall, "TorchFamily", make)
    return families


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Open the workshop of two devices."""

    def work(more: str = "", **env: str) -> Engines:
        (tmp_path / "engines.toml").write_text(TWO_DEVICES + more)
        given = {"UNDERSTUDY_ENGINES": "diffusers", "UNDERSTUDY_HOME": str(tmp_path), **env}
        return open_workshop(Settings.from_mapping(given), ThreadPoolExecutor(1), 1)

    return work


async def admitted(engines: Engines, callers: int) -> tuple[int, int]:
    """How many of these callers get into the line, and how many of those may go on to an engine."""
    async with AsyncExitStack() as inside:
        entered, places = 0, 0
        for _ in range(callers):
            try:
                place = inside.enter_context(engines.desk.line()).place
            except Busy:
                break
            entered += 1
            if not place.locked():
                await inside.enter_async_context(place)
                places += 1
        return entered, places


def test_nobody_waits_at_the_desk_for_a_device_that_is_free(made: list[NotedFamily], opened: Open) -> None:
    """Each device has a queue of its own, so all callers go on to it: the queue's length and one for each device."""
    assert asyncio.run(admitted(opened(UNDERSTUDY_QUEUE="3"), 10)) == (5, 5)


def test_the_owner_may_bound_what_runs_at_once(made: list[NotedFamily], opened: Open) -> None:
    """With UNDERSTUDY_GENERATIONS so many go on to the engines, and the queue waits in front."""
    assert asyncio.run(admitted(opened(UNDERSTUDY_QUEUE="3", UNDERSTUDY_GENERATIONS="1"), 10)) == (4, 1)


def test_the_length_of_the_queue_is_visible(made: list[NotedFamily], opened: Open) -> None:
    """Who is inside and not being drawn waits."""
    engines = opened()

    async def waiting() -> int:
        with engines.desk.line(), engines.desk.line(), engines.desk.line():
            made[0].busy = 2
            return engines.waiting()

    assert asyncio.run(waiting()) == 1
    assert engines.waiting() == 0


def test_the_settings_reach_the_engines(made: list[NotedFamily], opened: Open, tmp_path: Path) -> None:
    """Threads, where weights lie, and where the state is written."""
    opened(UNDERSTUDY_THREADS="3", UNDERSTUDY_WEIGHTS=str(tmp_path / "weights"))

    (family,) = made
    assert (family.workers.means.threads, family.workers.status) == (3, tmp_path / "engines-status.json")
    assert vars(family.disk)["_cache"] == tmp_path / "weights"


def test_workers_are_started_early(made: list[NotedFamily], opened: Open) -> None:
    """What the server calls at its start reaches the family."""
    opened().warm()

    assert made[0].warmed == 1


def test_those_who_draw_and_those_who_read_share_the_workers(
    made: list[NotedFamily], workers: list[NotedWorkers], opened: Open
) -> None:
    """There is one process for each device, whatever its work is."""
    opened(READING)

    (shared,) = workers
    assert made[0].workers is shared
    assert shared.devices == ["cuda:0", "cuda:1", "cuda:2"]


def test_only_what_reads_may_be_real(workers: list[NotedWorkers], opened: Open) -> None:
    """Sketches beside real analysts: the workers are those of the analysts, and start early as well."""
    opened(READING, UNDERSTUDY_ENGINES="sketch", UNDERSTUDY_ANALYSIS="transformers").warm()

    (theirs,) = workers
    assert (theirs.devices, theirs.warmed) == (["cuda:2"], 1)


def test_only_what_draws_may_be_real(workers: list[NotedWorkers], opened: Open) -> None:
    """Analysts without weights beside real engines."""
    engines = opened(READING, UNDERSTUDY_ANALYSIS="embedded")

    assert workers[0].devices == ["cuda:0", "cuda:1"]
    assert engines.analysts.score(Question(Analysis.TEXT_SAFETY, ("a fox",))).result(PATIENCE).scores


def test_what_needs_no_weights_needs_no_workers(workers: list[NotedWorkers], opened: Open) -> None:
    """Sketches and embedded analysts are all there is without torch."""
    opened(UNDERSTUDY_ENGINES="sketch").warm()

    assert workers == []


def test_an_engine_of_the_owners_has_the_owners_words(made: list[NotedFamily], opened: Open) -> None:
    """It is listed under its id with its name and its description."""
    card = opened().registry.cards()[-1]

    assert (card.id, card.name, card.description) == ("mine", "Mine", "My own")


def test_real_engines_get_more_time_and_one_process() -> None:
    """A model may have to be loaded first, and each further process would load every model once more."""
    patient = Settings.from_mapping({"UNDERSTUDY_ENGINES": "diffusers"}).limits.request_seconds
    asked = Settings.from_mapping({"UNDERSTUDY_ENGINES": "diffusers", "UNDERSTUDY_REQUEST_SECONDS": "30"}).limits

    assert (patient, asked.request_seconds, Settings.from_mapping({}).limits.request_seconds) == (600, 30, 120)
    with pytest.raises(BadSetting, match="UNDERSTUDY_WORKERS: use 1 with diffusers"):
        Settings.from_mapping({"UNDERSTUDY_ENGINES": "diffusers", "UNDERSTUDY_WORKERS": "2"})
    with pytest.raises(BadSetting, match="UNDERSTUDY_WORKERS: use 1 with transformers"):
        Settings.from_mapping({"UNDERSTUDY_ANALYSIS": "transformers", "UNDERSTUDY_WORKERS": "2"})


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, r"^UNDERSTUDY_ENGINES=diffusers needs torch: .*, or use sketch$"),
        (
            {"UNDERSTUDY_ENGINES": "sketch", "UNDERSTUDY_ANALYSIS": "transformers"},
            r"^UNDERSTUDY_ANALYSIS=transformers needs torch: pip install '\.\[gpu\]' in the checkout, or use embedded$",
        ),
    ],
)
def test_without_torch_the_server_does_not_start(
    opened: Open, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], said: str
) -> None:
    """The message says what is missing, how to get it, and what works without."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else name)

    with pytest.raises(BadSetting, match=said):
        opened(**env)
