"""Real analysts in a real worker, beside engines that draw: answers, memory, failures and cancelling."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.analysis.analysts import Analysts
from engines.analysis.types import Analysis, Question
from engines.errors import EngineFailed, EngineNotReady
from engines.types import GenerationRequest, Prompt, Task
from engines.weights.disk import Disk
from engines.weights.setup import AnalystSetup, EngineSetup, Kind, Source, Workshop
from engines.worker.analysts import TransformersAnalysts
from engines.worker.family import TorchFamily
from engines.worker.process import Means
from engines.worker.starts import Patience
from engines.worker.workers import Workers
from tests.pipelines import lending
from tests.store.servers import wait_until

Tiny = Callable[[str], Path]

LONG = 120
"""Seconds: a worker imports torch first, on a machine that may be busy."""
CARD = lending.CARD
PHOTO = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
REQUEST = GenerationRequest(Task.TEXT_TO_IMAGE, CARD.id, 64, 64, seed=7, prompts=(Prompt("a fox"),), steps=10)
QUESTIONS = {
    Analysis.CLASSIFICATION: Question(Analysis.CLASSIFICATION, ("a red fox",), ("animal", "money")),
    Analysis.SIMILARITY: Question(Analysis.SIMILARITY, ("a red fox",), ("a fox", "a bank")),
    Analysis.TEXT_SAFETY: Question(Analysis.TEXT_SAFETY, ("a red fox", "a bank")),
    Analysis.PICTURE_SAFETY: Question(Analysis.PICTURE_SAFETY, pixels=PHOTO),
}
GREAT = Question(Analysis.TEXT_SAFETY, ("word " * 60,) * 30_000)
"""Minutes of work."""


class Bench:
    """One worker for a tiny engine and tiny analysts."""

    def __init__(self, tiny: Tiny, memory: int = 0, **places: Path) -> None:
        named = {task: places.get(task.name.lower(), tiny(task)) for task in Analysis}
        setups = [AnalystSetup(task, Source(path=place), "cpu", "float32") for task, place in named.items()]
        engine = EngineSetup(CARD.id, Kind.DIFFUSION, Source(path=tiny("sd1")), "cpu", "float32")
        means = Means((("cpu", memory),) if memory else (), threads=1)
        disk, patience = Disk(None), Patience(pause=0.01, longest_pause=0.01)
        self.workers = Workers(["cpu"], means, patience=patience)
        self.analysts = Analysts(dict.fromkeys(Analysis, TransformersAnalysts(setups, disk, self.workers)))
        self.family = TorchFamily(Workshop((engine,)), disk, self.workers)

    def ask(self, task: Analysis) -> Any:
        """The answer to the question for this task."""
        return self.analysts.score(QUESTIONS[task]).result(LONG)

    def draw(self) -> np.ndarray:
        """A small picture."""
        return self.family.submit(CARD, REQUEST).result(LONG)[0].pixels

    def held(self) -> list[str]:
        """What is in memory, the longest unused first."""
        return [held.engine_id for held in self.workers.states()[0].engines]


@pytest.fixture
def open_bench(tiny: Tiny) -> Iterator[Callable[..., Bench]]:
    """Open benches, and close them at the end."""
    made: list[Bench] = []

    def build(**options: Any) -> Bench:
        made.append(Bench(tiny, **options))
        return made[-1]

    yield build
    for bench in made:
        bench.workers.close()


@pytest.fixture(scope="module")
def bench(tiny: Tiny) -> Iterator[Bench]:
    """One that all tests share which break nothing."""
    made = Bench(tiny)
    yield made
    made.workers.close()


@pytest.mark.parametrize("task", list(QUESTIONS))
def test_every_task_is_done_and_done_the_same_again(bench: Bench, task: Analysis) -> None:
    """Findings cross the pipe, a row for each text or for the picture, whatever is asked in between."""
    first = bench.ask(task)
    bench.ask(Analysis.TEXT_SAFETY)
    second = bench.ask(task)

    assert first == second
    assert len(first.scores) == max(1, len(QUESTIONS[task].texts))
    assert len(first.scores[0]) == len(first.labels)


def test_a_background_is_found(bench: Bench) -> None:
    """The mask has the picture's size, and is the same again."""
    question = Question(Analysis.BACKGROUND, pixels=PHOTO)

    first, second = (bench.analysts.separate(question).result(LONG) for _ in range(2))

    assert (first.shape, first.dtype) == (PHOTO.shape[:2], np.uint8)
    assert np.array_equal(first, second)


def test_analysts_and_engines_are_in_one_memory(bench: Bench) -> None:
    """One process holds both, and says so."""
    bench.draw()
    bench.ask(Analysis.TEXT_SAFETY)

    assert {CARD.id, "text-safety"} <= set(bench.held())
    assert bench.workers.states()[0].memory > 0


def test_analysts_and_engines_make_room_for_each_other(open_bench: Callable[..., Bench], tiny: Tiny) -> None:
    """In a budget for little more than the engine, whatever was used longest ago goes, and comes back the same."""
    engine = lending.keeper()
    lending.lend(engine, tiny("sd1"))
    bench = open_bench(memory=engine.holdings().memory + 1000)

    before = bench.draw()
    found = bench.ask(Analysis.TEXT_SAFETY)
    assert bench.held() == ["text-safety"]
    again = bench.draw()
    assert bench.held() == [CARD.id]

    assert np.array_equal(before, again)
    assert bench.ask(Analysis.TEXT_SAFETY) == found


def test_an_analyst_larger_than_the_budget_fails(open_bench: Callable[..., Bench]) -> None:
    """As an engine does: for want of memory."""
    with pytest.raises(EngineFailed, match="memory: BudgetExceeded"):
        open_bench(memory=1000).ask(Analysis.TEXT_SAFETY)


def test_broken_weights_fail_their_question_alone(
    open_bench: Callable[..., Bench], tiny: Tiny, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the file and what to do; other analysts answer, in the same process."""
    cut = Path(shutil.copytree(tiny(Analysis.TEXT_SAFETY), tmp_path / "cut"))
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    bench = open_bench(text_safety=cut)
    bench.ask(Analysis.SIMILARITY)
    name = bench.workers.states()[0].name

    with caplog.at_level(logging.INFO, "understudy.engines"), pytest.raises(EngineFailed, match=r"weights: .* broken"):
        bench.ask(Analysis.TEXT_SAFETY)

    (line,) = [vars(record)["facts"] for record in caplog.records if record.message == "analysis failed"]
    assert str(weights) in line["problem"]
    assert line["mend"] == f"put them at {cut}, or name others in engines.toml"
    assert bench.ask(Analysis.SIMILARITY).scores
    assert bench.workers.states()[0].name == name


def test_an_analyst_without_weights_is_not_ready(open_bench: Callable[..., Bench], tmp_path: Path) -> None:
    """No worker is started for it."""
    bench = open_bench(text_safety=tmp_path / "nothing")

    with pytest.raises(EngineNotReady):
        bench.ask(Analysis.TEXT_SAFETY)

    assert bench.workers.states()[0].name == ""


def test_a_great_question_can_be_cancelled(bench: Bench) -> None:
    """It stops between two batches, and the worker goes on with the next one."""
    bench.ask(Analysis.TEXT_SAFETY)
    great = bench.analysts.score(GREAT)
    wait_until(lambda: bench.workers.states()[0].step > 0)

    great.cancel()

    assert bench.ask(Analysis.SIMILARITY).scores
    with pytest.raises(CancelledError):
        great.result(0)


def test_a_worker_that_dies_loses_one_question(bench: Bench) -> None:
    """The next one is answered by another worker, in the same way."""
    before = bench.ask(Analysis.TEXT_SAFETY)
    great = bench.analysts.score(GREAT)
    wait_until(lambda: bench.workers.states()[0].step > 0)

    os.kill(bench.workers.of("cpu")._worker.pid, signal.SIGKILL)

    with pytest.raises(EngineFailed, match="was lost"):
        great.result(LONG)
    assert bench.ask(Analysis.TEXT_SAFETY) == before
