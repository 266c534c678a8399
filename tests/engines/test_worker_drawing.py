"""How a worker does a job: pictures, thrift when memory runs out, verdicts, and what it says of failures."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.loading.model import BudgetExceeded, Order, Stopped, Thrift, WeightsUnusable
from engines.types import GenerationRequest, Pixels, Prompt
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker.drawing import Drawing
from engines.worker.messages import Done, Failed, FromWorker, Holding, Holdings, Job, Note, Progress, Trouble

CARD = next(card for card in CARDS if card.id == "stable-diffusion-v1-6")
SETUP = EngineSetup(CARD.id, Kind.DIFFUSION, Source(path=Path("weights")))


class ShortOfMemory(Exception):
    """What this device raises when it has no room."""


class Broken(Exception):
    """What this device raises when it is broken."""


class FakeDevice:
    """Recognizes its own two exceptions."""

    def __init__(self) -> None:
        self.freed = 0

    def is_out_of_memory(self, exc: BaseException) -> bool:
        return isinstance(exc, ShortOfMemory | BudgetExceeded)

    def is_broken(self, exc: BaseException) -> bool:
        return isinstance(exc, Broken)

    def free(self) -> None:
        self.freed += 1


class ScriptedModel:
    """Does four steps and paints its thrift, or what the test wants."""

    def __init__(self, needs: Thrift = Thrift.NONE, act: Callable[[Order], None] = lambda _: None) -> None:
        self.needs = needs
        self.act = act
        self.tried: list[tuple[int, Thrift]] = []

    def draw(self, order: Order) -> Pixels:
        self.tried.append((order.seed, order.thrift))
        self.act(order)
        if order.thrift < self.needs:
            raise ShortOfMemory
        for done in range(1, 5):
            order.watch.step(done, 4)
        return np.full((8, 8, 3), order.thrift, np.uint8)


class FakeChecker:
    """Finds every picture unsafe."""

    def unsafe(self, pixels: Pixels) -> bool:
        return True


class FakeKeeper:
    """Lends one model, which it loads when it is first wanted; ``broken`` weights it cannot."""

    def __init__(self, model: ScriptedModel, broken: bool = False) -> None:
        self.model = model
        self.broken = broken
        self.loads = 0
        self.held: tuple[Holding, ...] = ()
        self.checkers = 0

    def lend(self, setup: EngineSetup, located: Located, guidance: Located | None) -> ScriptedModel:
        if self.broken:
            raise WeightsUnusable("unet.safetensors is half a file")
        self.loads += not self.held
        self.held = (Holding(setup.engine_id, 3_000_000),)
        return self.model

    def safety(self, located: Located) -> FakeChecker:
        self.checkers = 1_000_000
        return FakeChecker()

    def holdings(self) -> Holdings:
        return Holdings(self.held, self.checkers + sum(held.memory for held in self.held))

    def release(self) -> None:
        self.held = ()


class Bench:
    """A worker's insides with everything it said."""

    def __init__(self, model: ScriptedModel | None = None, broken: bool = False) -> None:
        self.said: list[FromWorker] = []
        self.device = FakeDevice()
        self.keeper = FakeKeeper(model or ScriptedModel(), broken)
        self.drawing = Drawing(self.keeper, self.device, self.said.append)

    def do(
        self, request: GenerationRequest, stopped: Callable[[], bool] = lambda: False, **sides: Any
    ) -> Done | Failed:
        return self.drawing.do(Job(1, CARD, request, SETUP, Located(), **sides), stopped)

    def heard(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]


def explode(exc: BaseException) -> Callable[[Order], None]:
    """A model's act that raises."""

    def act(_: Order) -> None:
        raise exc

    return act


def test_every_seed_gets_its_picture(order: Callable[..., GenerationRequest]) -> None:
    """Pictures come in the order of the seeds, each drawn alone."""
    outcome = Bench().do(order(samples=3))
    assert isinstance(outcome, Done)
    assert [picture.seed for picture in outcome.result] == [7, 8, 9]


def test_progress_counts_the_steps_of_all_samples(order: Callable[..., GenerationRequest]) -> None:
    """Whoever watches sees one count over the whole job."""
    bench = Bench()
    bench.do(order(samples=3))
    assert bench.heard(Progress)[0] == Progress(1, 1, 12)


def test_loading_is_told_with_its_size_and_once(order: Callable[..., GenerationRequest]) -> None:
    """The log says that an engine is loaded, how large it is and how long it took; the next job finds it there."""
    bench = Bench()
    bench.do(order())
    bench.do(order())
    assert [note.event for note in bench.heard(Note)] == ["loading", "loaded"]
    assert dict(bench.heard(Note)[1].facts)["megabytes"] == 3
    assert bench.heard(Holdings) == [Holdings((Holding(CARD.id, 3_000_000),), 3_000_000)]


@pytest.mark.parametrize("needs", [Thrift.TILED, Thrift.FRUGAL])
def test_a_picture_is_tried_again_with_more_thrift(order: Callable[..., GenerationRequest], needs: Thrift) -> None:
    """Where memory runs out the same picture is drawn again, slower, after everything else was let go."""
    bench = Bench(ScriptedModel(needs))
    outcome = bench.do(order())
    assert isinstance(outcome, Done)
    assert bench.keeper.model.tried == [(7, Thrift(level)) for level in range(needs + 1)]
    assert (bench.device.freed, bench.keeper.loads) == (needs, needs + 1)


def test_every_picture_begins_without_thrift(order: Callable[..., GenerationRequest]) -> None:
    """The second picture of a request is drawn as if it had been asked for alone."""
    bench = Bench(ScriptedModel(Thrift.TILED))
    bench.do(order(samples=2))
    assert [thrift for _, thrift in bench.keeper.model.tried] == [Thrift.NONE, Thrift.TILED] * 2


def test_a_picture_too_large_for_the_device_fails(order: Callable[..., GenerationRequest]) -> None:
    """When thrift does not help, the job fails for want of memory."""
    outcome = Bench(ScriptedModel(act=explode(ShortOfMemory("no room")))).do(order())
    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.MEMORY


def test_weights_larger_than_the_budget_are_not_tried_again(order: Callable[..., GenerationRequest]) -> None:
    """No thrift makes weights smaller: the job fails at once, and nothing is let go for it."""
    bench = Bench(ScriptedModel(act=explode(BudgetExceeded(2, 1))))
    outcome = bench.do(order())
    assert isinstance(outcome, Failed)
    assert outcome.trouble is Trouble.MEMORY
    assert (bench.keeper.model.tried, bench.device.freed) == ([(7, Thrift.NONE)], 0)


@pytest.mark.parametrize(
    ("exc", "trouble"),
    [(ValueError("odd"), Trouble.WORK), (Broken("assert"), Trouble.DEVICE), (Stopped(), Trouble.STOPPED)],
)
def test_failures_are_told_apart(order: Callable[..., GenerationRequest], exc: Exception, trouble: Trouble) -> None:
    """A bug, a broken device and a cancel are three different things to the parent."""
    outcome = Bench(ScriptedModel(act=explode(exc))).do(order())
    assert isinstance(outcome, Failed)
    assert outcome.trouble is trouble


def test_a_bug_is_told_with_its_place(order: Callable[..., GenerationRequest]) -> None:
    """The log has what a developer needs: type, message and line."""
    outcome = Bench(ScriptedModel(act=explode(ValueError("odd\nshape")))).do(order())
    assert isinstance(outcome, Failed)
    assert outcome.message.startswith("ValueError: odd shape (")
    assert f"{Path(__file__).name}:" in outcome.message


def test_a_prompt_never_gets_into_a_message(order: Callable[..., GenerationRequest]) -> None:
    """Libraries quote what they cannot read; the log must not."""
    bench = Bench(ScriptedModel(act=explode(ValueError("cannot read 'my secret wish' after 'my secret'"))))
    outcome = bench.do(order(prompts=(Prompt("my secret"), Prompt("my  secret wish"))))
    assert isinstance(outcome, Failed)
    assert "secret" not in outcome.message


def test_unusable_weights_say_which_file(order: Callable[..., GenerationRequest]) -> None:
    """Broken weights are no bug: the owner reads what is broken."""
    outcome = Bench(broken=True).do(order())
    assert outcome == Failed(1, Trouble.WEIGHTS, "unet.safetensors is half a file")


def test_a_cancelled_job_is_not_begun(order: Callable[..., GenerationRequest]) -> None:
    """A job cancelled while its weights were loading draws nothing."""
    bench = Bench()
    outcome = bench.do(order(), stopped=lambda: True)
    assert isinstance(outcome, Failed)
    assert (outcome.trouble, bench.keeper.model.tried) == (Trouble.STOPPED, [])


def test_what_a_failed_attempt_held_is_free_for_the_next(order: Callable[..., GenerationRequest]) -> None:
    """The error that ended it keeps nothing alive: the next attempt begins with the memory of the first."""

    class Large:
        pass

    held: list[weakref.ref[Large]] = []
    alive: list[int] = []

    def act(wanted: Order) -> None:
        alive.append(sum(before() is not None for before in held))
        large = Large()
        held.append(weakref.ref(large))
        if wanted.thrift < Thrift.FRUGAL:
            raise ShortOfMemory

    Bench(ScriptedModel(act=act)).do(order(width=64, height=64))

    assert alive == [0, 0, 0]


def test_the_checkers_memory_is_told(order: Callable[..., GenerationRequest]) -> None:
    """What the last job has loaded besides its engine is known when it is done."""
    bench = Bench()
    bench.do(order(), safety=Located())
    assert bench.heard(Holdings)[-1] == Holdings((Holding(CARD.id, 3_000_000),), 4_000_000)


@pytest.mark.parametrize("wanted", [True, False])
def test_the_checkers_verdict_comes_with_the_picture(order: Callable[..., GenerationRequest], wanted: bool) -> None:
    """Pictures are judged where the job names a checker."""
    outcome = Bench().do(order(), safety=Located() if wanted else None)
    assert isinstance(outcome, Done)
    assert outcome.result[0].unsafe is wanted
