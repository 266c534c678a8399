"""How a worker answers a question: findings, thrift when memory runs out, and what it says of failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.analysis.types import Analysis, Findings, Question
from engines.loading.model import BudgetExceeded, Thrift, Watch, WeightsUnusable
from engines.weights.setup import AnalystSetup, Located, Source
from engines.worker.drawing import Drawing
from engines.worker.messages import Done, Failed, FromWorker, Holding, Holdings, Inquiry, Note, Progress, Trouble

TASK = Analysis.SIMILARITY
SETUP = AnalystSetup(TASK, Source(path=Path("weights")))
FOUND = Findings(("one",), ((1.0,),), ((20.0,),))


class ShortOfMemory(Exception):
    """What this device raises when it has no room."""


class Bench:
    """Keeper, device and analyst in one, with everything that the worker said; ``act`` is called in each attempt."""

    def __init__(self, act: Callable[[Thrift], None] = lambda _: None, broken: bool = False) -> None:
        self.said: list[FromWorker] = []
        self.tried: list[Thrift] = []
        self.freed = 0
        self._act = act
        self._broken = broken
        self._held: tuple[Holding, ...] = ()
        self._drawing = Drawing(self, self, self.said.append)

    def ask(self, stopped: Callable[[], bool] = lambda: False, *texts: str) -> Done | Failed:
        """Have the question answered."""
        return self._drawing.do(Inquiry(1, Question(TASK, texts or ("a",), ("one",)), SETUP, Located()), stopped)

    def heard(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]

    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Findings:
        self.tried.append(thrift)
        self._act(thrift)
        watch.step(1, 2)
        return FOUND

    def reader(self, setup: AnalystSetup, located: Located) -> Bench:
        if self._broken:
            raise WeightsUnusable("model.safetensors is half a file")
        self._held = (Holding(setup.engine_id, 5_000_000),)
        return self

    def lend(self, *_: Any) -> Any:
        raise NotImplementedError

    safety = lend

    def holdings(self) -> Holdings:
        return Holdings(self._held, sum(held.memory for held in self._held))

    def release(self) -> None:
        self._held = ()

    def is_out_of_memory(self, exc: BaseException) -> bool:
        return isinstance(exc, ShortOfMemory | BudgetExceeded)

    def is_broken(self, exc: BaseException) -> bool:
        return False

    def free(self) -> None:
        self.freed += 1


def short_until(wanted: Thrift) -> Callable[[Thrift], None]:
    """Too little memory for anything less thrifty."""

    def act(thrift: Thrift) -> None:
        if thrift < wanted:
            raise ShortOfMemory

    return act


def test_the_findings_come_back() -> None:
    """With what was loaded for them, and how far the work was."""
    bench = Bench()

    outcome = bench.ask()

    assert isinstance(outcome, Done)
    assert (outcome.id, outcome.result) == (1, FOUND)
    assert bench.heard(Holdings)[-1] == Holdings((Holding("sentence-similarity", 5_000_000),), 5_000_000)
    assert bench.heard(Progress)[0].id == 1


def test_loading_is_told_once() -> None:
    """The log has the task's name and the size; a second question finds everything loaded."""
    bench = Bench()
    bench.ask()
    bench.ask()

    assert [note.event for note in bench.heard(Note)] == ["loading", "loaded"]
    assert dict(bench.heard(Note)[1].facts)["engine"] == "sentence-similarity"
    assert dict(bench.heard(Note)[1].facts)["megabytes"] == 5.0


@pytest.mark.parametrize("wanted", [Thrift.TILED, Thrift.FRUGAL])
def test_a_question_is_tried_again_with_more_thrift(wanted: Thrift) -> None:
    """Where memory runs out, everything else is let go and fewer texts are read at once."""
    bench = Bench(short_until(wanted))

    assert isinstance(bench.ask(), Done)
    assert (bench.tried, bench.freed) == ([Thrift(level) for level in range(wanted + 1)], wanted)


@pytest.mark.parametrize(("exc", "tries"), [(ShortOfMemory(), 3), (BudgetExceeded(2, 1), 1)])
def test_a_question_too_large_for_the_device_fails(exc: Exception, tries: int) -> None:
    """It fails for want of memory; weights larger than the budget are not tried again."""

    def act(_: Thrift) -> None:
        raise exc

    bench = Bench(act)
    outcome = bench.ask()

    assert isinstance(outcome, Failed)
    assert (outcome.trouble, len(bench.tried)) == (Trouble.MEMORY, tries)


def test_a_callers_text_never_gets_into_a_message() -> None:
    """Libraries quote what they cannot read; the log must not."""

    def act(_: Thrift) -> None:
        raise ValueError("cannot read 'my secret' against 'one'")

    outcome = Bench(act).ask(lambda: False, "my  secret")

    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.WORK
    assert outcome.message.startswith("ValueError: cannot read '<prompt>' against '<prompt>' (")


def test_unusable_weights_say_which_file() -> None:
    """Broken weights are no bug: the owner reads what is broken."""
    assert Bench(broken=True).ask() == Failed(1, Trouble.WEIGHTS, "model.safetensors is half a file")


def test_a_cancelled_question_is_not_begun() -> None:
    """A question cancelled while the weights were loading is not read."""
    bench = Bench()
    outcome = bench.ask(lambda: True)

    assert isinstance(outcome, Failed)
    assert (outcome.trouble, bench.tried) == (Trouble.STOPPED, [])
