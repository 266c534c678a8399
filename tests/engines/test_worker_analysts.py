"""Real analysts as the registry sees them: what they offer, what they lack, and what they share with engines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.analysis.analysts import Analysts
from engines.analysis.types import Analysis, Question
from engines.catalog import CARDS
from engines.errors import EngineFailed, EngineNotReady
from engines.types import GenerationRequest, Prompt
from engines.weights.setup import AnalystSetup, EngineSetup, Kind, Located, Source, Workshop
from engines.worker.analysts import TransformersAnalysts
from engines.worker.family import TorchFamily
from engines.worker.starts import Patience
from engines.worker.workers import Workers
from tests.running import PATIENCE
from tests.store.servers import wait_until

Order = Callable[..., GenerationRequest]

CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")
PHOTO = np.zeros((4, 6, 3), np.uint8)


class ListedDisk:
    """A disk on which some sources lie."""

    def __init__(self) -> None:
        self.lost: set[Source] = set()

    def locate(self, source: Source) -> Located | None:
        """The weights, unless they are lost."""
        return None if source in self.lost else Located(folder=Path(source.label))

    def problem(self, source: Source) -> str | None:
        """That they are lost, if they are."""
        return f"{source.label} is lost" if source in self.lost else None


def setup(task: Analysis) -> AnalystSetup:
    """An analyst in a repository of its own name."""
    return AnalystSetup(task, Source(hub=f"ada/{task}"), "cpu")


def asked(script: str = "score", task: Analysis = Analysis.TEXT_SAFETY) -> Question:
    """A question that says what the worker does."""
    return Question(task, (script,), pixels=PHOTO if task is Analysis.BACKGROUND else None)


@pytest.fixture
def disk() -> ListedDisk:
    """A disk that has everything."""
    return ListedDisk()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """Workers without torch, which write down what they hold."""
    patience = Patience(pause=0.01, longest_pause=0.02)
    made = Workers(["cpu"], status=tmp_path / "status.json", child="tests.engines.children.scripted", patience=patience)
    yield made
    made.close()


@pytest.fixture
def analysts(disk: ListedDisk, workers: Workers) -> Analysts:
    """All analysts but the one for classification, which nobody has configured."""
    setups = [setup(task) for task in Analysis if task is not Analysis.CLASSIFICATION]
    return Analysts(dict.fromkeys(Analysis, TransformersAnalysts(setups, disk, workers)))


@pytest.fixture
def draw(disk: ListedDisk, workers: Workers, order: Order) -> Callable[[str], Any]:
    """Have an engine draw on the same device, as the script says."""
    engine = EngineSetup(CARD.id, Kind.DIFFUSION, Source(hub="ada/model"), "cpu")
    family = TorchFamily(Workshop((engine,)), disk, workers)
    return lambda script: family.submit(CARD, order(prompts=(Prompt(script),), width=64, height=64))


def facts(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """What the lines of the log about this event tell."""
    return [vars(record)["facts"] for record in caplog.records if record.message == event]


def test_a_question_gets_its_findings(analysts: Analysts) -> None:
    """The worker of the analyst's device scores."""
    found = analysts.score(asked()).result(PATIENCE)

    assert (found.labels, found.scores) == (("text-safety",), ((0.5,),))


def test_a_picture_gets_a_mask_of_its_size(analysts: Analysts) -> None:
    """The answer to the one task whose answer is no score."""
    mask = analysts.separate(asked(task=Analysis.BACKGROUND)).result(PATIENCE)

    assert mask.shape == (4, 6)


def test_an_analyst_whose_weights_are_missing_is_not_ready(
    analysts: Analysts, disk: ListedDisk, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the command that brings them, once however many ask."""
    disk.lost.add(setup(Analysis.TEXT_SAFETY).source)

    for _ in range(3):
        with pytest.raises(EngineNotReady):
            analysts.score(asked())

    (line,) = facts(caplog, "weights are missing")
    assert line["mend"] == "understudy engines pull text-safety"
    assert line["problem"] == "ada/text-safety is lost"


def test_an_analyst_that_is_not_configured_is_not_ready(analysts: Analysts, caplog: pytest.LogCaptureFixture) -> None:
    """The log says what to add to which file."""
    with pytest.raises(EngineNotReady):
        analysts.score(asked(task=Analysis.CLASSIFICATION))

    (line,) = facts(caplog, "an analyst is not configured")
    assert line["mend"].startswith("add [analysis.zero-shot-classification] to engines.toml")


def test_questions_and_pictures_wait_in_one_queue(
    analysts: Analysts, draw: Callable[[str], Any], workers: Workers, tmp_path: Path
) -> None:
    """One job at a time on a device, in the order of arrival, whoever asks."""
    gate = tmp_path / "gate"
    picture, scores = draw(f"until:{gate}"), analysts.score(asked())
    wait_until(lambda: (workers.states()[0].running, workers.states()[0].waiting) == (CARD.id, 1))
    assert not scores.done()

    gate.touch()

    assert scores.result(PATIENCE).scores
    assert picture.done()
    assert [held.engine_id for held in workers.states()[0].engines] == ["text-safety"]


def test_what_is_running_is_called_by_its_task(analysts: Analysts, workers: Workers, tmp_path: Path) -> None:
    """Lists of devices show which analyst works."""
    scores = analysts.score(asked(f"until:{tmp_path / 'gate'}"))

    wait_until(lambda: workers.states()[0].running == "text-safety")

    scores.cancel()


def test_a_cancelled_question_makes_way(analysts: Analysts, tmp_path: Path) -> None:
    """Whoever asked and left does not hold up the next one."""
    left = analysts.score(asked(f"until:{tmp_path / 'gate'}"))
    left.cancel()

    assert analysts.score(asked()).result(PATIENCE).scores
    with pytest.raises(CancelledError):
        left.result(0)


@pytest.mark.parametrize("script", ["die", "memory", "weights"])
def test_a_question_that_fails_is_logged_and_the_next_is_answered(
    analysts: Analysts, caplog: pytest.LogCaptureFixture, script: str
) -> None:
    """A crash, a lack of memory, broken weights: one question, with the task's name and none of the text."""
    with caplog.at_level(logging.INFO, "understudy.engines"), pytest.raises(EngineFailed):
        analysts.score(asked(script)).result(PATIENCE)

    (line,) = facts(caplog, "worker ended") or facts(caplog, "analysis failed")
    assert (line["engine"], line["task"]) == ("text-safety", "text-safety")
    assert line.get("mend") == ("understudy engines pull text-safety" if script == "weights" else None)
    assert analysts.score(asked()).result(PATIENCE).scores


def test_closed_analysts_take_no_questions(analysts: Analysts) -> None:
    """A question after the end fails as the engine's failure, and closing again is no mistake."""
    analysts.close()
    analysts.close()

    with pytest.raises(EngineFailed, match="closed"):
        analysts.score(asked())
