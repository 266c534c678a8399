"""The studio with real engines' interfaces and a ledger that writes down what it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from app import closing
from app.accounts.model import Account, Allowance, Caller
from app.darkroom import Darkroom
from app.desk import Desk
from app.errors import Busy, InsufficientBalance, PromptRefused, TookTooLong
from app.filters import PromptFilter, WordList, WordOutputFilter
from app.studio import Finished, Studio
from app.till import Till
from engines.catalog import CARDS
from engines.errors import EngineFailed, PixelsOutOfRange, TaskNotOffered, UnknownEngine
from engines.memory import Memory
from engines.prices import Flat
from engines.registry import Registry
from engines.sizes import PixelRange
from engines.types import EngineCard, GenerationRequest, Picture, Prompt, Task
from tests.unit.ledgers import NotedLedger

CALLER = Caller(Account("user-1", "a@example.com", "", ()), "org-1", "key-1", 10_000_000)
REQUEST = GenerationRequest(
    Task.TEXT_TO_IMAGE, "stable-diffusion-v1-6", 512, 512, seed=7, prompts=(Prompt("a barn"),), samples=2
)
PRICE = 900_000


class GivenFamily:
    """An engine family that answers with a given future."""

    name = "given"

    def __init__(self, answer: Callable[[GenerationRequest], Future[tuple[Picture, ...]]]) -> None:
        self._answer = answer
        self.futures: list[Future[tuple[Picture, ...]]] = []
        self.remembered: tuple[Picture, ...] | None = None

    def offers(self, card: EngineCard) -> bool:
        return True

    def recall(self, card: EngineCard, request: GenerationRequest) -> tuple[Picture, ...] | None:
        return self.remembered

    def submit(self, card: EngineCard, request: GenerationRequest) -> Future[tuple[Picture, ...]]:
        self.futures.append(self._answer(request))
        return self.futures[-1]

    def close(self) -> None:
        pass


def finished(request: GenerationRequest) -> Future[tuple[Picture, ...]]:
    """A future that holds grey pictures already."""
    future: Future[tuple[Picture, ...]] = Future()
    pixels = np.full((request.height, request.width, 3), 128, np.uint8)
    future.set_result(tuple(Picture(pixels, seed) for seed in request.seeds()))
    return future


def failed(_: GenerationRequest) -> Future[tuple[Picture, ...]]:
    """A future of an engine that broke."""
    future: Future[tuple[Picture, ...]] = Future()
    future.set_exception(EngineFailed("broken"))
    return future


def never(_: GenerationRequest) -> Future[tuple[Picture, ...]]:
    """A future nobody will ever fill."""
    return Future()


def make(ledger: NotedLedger, family: GivenFamily, *, places: int = 1, queue: int = 0, seconds: float = 5) -> Studio:
    """A studio around a family that serves all cards."""
    return Studio(
        Registry({card.id: family for card in CARDS}, CARDS),
        Till(ledger, lambda: 0.0),
        PromptFilter(WordList(("forbidden",))),
        WordOutputFilter(WordList(("veiled",))),
        Desk(places, queue),
        Darkroom(ThreadPoolExecutor(1), Memory(0)),
        seconds,
    )


async def ask(studio: Studio, request: GenerationRequest = REQUEST) -> list[bool]:
    """Have it generated and delivered; whether each picture was filtered."""
    async with studio.generate(CALLER, request) as work:
        return [picture.filtered for picture in work.pictures]


def test_delivered_pictures_are_paid_once() -> None:
    """The whole price is reserved first and settled after delivery, and nothing else happens."""
    ledger = NotedLedger()

    asyncio.run(ask(make(ledger, GivenFamily(finished))))

    assert ledger.steps == [("reserve", 2 * PRICE), ("settle", 0)]


def test_an_engine_is_sold_as_a_service_sells_it() -> None:
    """With a card of the service's own its price and its sizes hold, and what is left is told."""
    ledger = NotedLedger(20_000_000)
    studio = make(ledger, GivenFamily(finished))
    card = replace(
        studio.card("stable-diffusion-v1-6"), price=Flat(Fraction(6)), sizes=PixelRange(64 * 64, 512 * 512, 64)
    )

    async def bought(request: GenerationRequest = REQUEST) -> int:
        async with studio.generate(CALLER, request, card, Allowance("images", 20_000_000)) as work:
            return work.balance

    assert asyncio.run(bought()) == 8_000_000
    assert (ledger.charges[0].amount, ledger.charges[0].engine_id) == (12_000_000, "stable-diffusion-v1-6")
    assert ledger.charges[0].allowance == Allowance("images", 20_000_000)
    with pytest.raises(PixelsOutOfRange):
        asyncio.run(bought(replace(REQUEST, width=576)))


def test_filtered_pictures_come_blurred_and_free() -> None:
    """What the output filter trips on is marked, and its share goes back before the answer is sent."""
    ledger = NotedLedger()
    request = replace(REQUEST, prompts=(Prompt("a veiled barn"),))

    filtered = asyncio.run(ask(make(ledger, GivenFamily(finished)), request))

    assert filtered == [True, True]
    assert ledger.steps == [("reserve", 2 * PRICE), ("give back filtered", 2 * PRICE), ("settle", 0)]


def test_what_the_engines_own_checker_objects_to_is_blurred_and_free() -> None:
    """One unsafe picture of two: it alone is marked and blurred, and half of the price goes back."""
    ledger = NotedLedger()
    given = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    def half_unsafe(request: GenerationRequest) -> Future[tuple[Picture, ...]]:
        future: Future[tuple[Picture, ...]] = Future()
        future.set_result(tuple(Picture(given, seed, unsafe=seed == 8) for seed in request.seeds()))
        return future

    async def delivered() -> tuple[Finished, ...]:
        async with make(ledger, GivenFamily(half_unsafe)).generate(CALLER, REQUEST) as work:
            return work.pictures

    fine, blurred = asyncio.run(delivered())

    assert (fine.filtered, blurred.filtered) == (False, True)
    assert np.array_equal(fine.pixels, given)
    assert blurred.pixels.std() < given.std() / 3
    assert ledger.steps == [("reserve", 2 * PRICE), ("give back filtered", PRICE), ("settle", 0)]


def test_a_broken_engine_costs_nothing() -> None:
    """When the engine fails the credits go back and the failure is reported."""
    ledger = NotedLedger()

    with pytest.raises(EngineFailed):
        asyncio.run(ask(make(ledger, GivenFamily(failed))))

    assert ledger.steps == [("reserve", 2 * PRICE), ("release", "EngineFailed")]


def test_a_failed_delivery_costs_nothing() -> None:
    """An error while the answer is sent gives the credits back."""
    ledger = NotedLedger()

    async def deliver() -> None:
        async with make(ledger, GivenFamily(finished)).generate(CALLER, REQUEST):
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(deliver())

    assert ledger.steps[-1] == ("release", "ConnectionResetError")


def test_a_generation_that_takes_too_long_costs_nothing() -> None:
    """After the request time the work is cancelled and the credits go back."""
    ledger, family = NotedLedger(), GivenFamily(never)

    with pytest.raises(TookTooLong):
        asyncio.run(ask(make(ledger, family, seconds=0.01)))

    assert ledger.steps == [("reserve", 2 * PRICE), ("release", "TookTooLong")]
    assert family.futures[0].cancelled()


def test_a_cancelled_request_costs_nothing() -> None:
    """A client that hangs up cancels its request: the work stops and the credits go back."""
    ledger, family = NotedLedger(), GivenFamily(never)

    async def hang_up() -> None:
        task = asyncio.create_task(ask(make(ledger, family)))
        while not family.futures:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(hang_up())

    assert ledger.steps == [("reserve", 2 * PRICE), ("release", "cancelled")]
    assert family.futures[0].cancelled()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (replace(REQUEST, engine_id="some-fake-engine"), UnknownEngine),
        (replace(REQUEST, engine_id="esrgan-v1-x2plus"), TaskNotOffered),
        (replace(REQUEST, prompts=(Prompt("a barn"), Prompt("forbidden", -1.0))), PromptRefused),
        (replace(REQUEST, samples=10, steps=150), InsufficientBalance),
    ],
)
def test_what_is_refused_is_never_charged(request_: GenerationRequest, error: type[Exception]) -> None:
    """Unknown engines, tasks not offered, filtered prompts and an empty purse take nothing."""
    ledger, family = NotedLedger(), GivenFamily(finished)

    with pytest.raises(error):
        asyncio.run(ask(make(ledger, family), request_))

    assert [step for step, _ in ledger.steps if step == "settle"] == []
    assert family.futures == []


def test_beyond_the_queue_callers_are_sent_away() -> None:
    """With every place taken and the line full, the next caller is told to come back, and pays nothing."""
    ledger, family = NotedLedger(), GivenFamily(never)

    async def crowd() -> None:
        studio = make(ledger, family, places=1, queue=1)
        tasks = [asyncio.create_task(ask(studio)) for _ in range(2)]
        while not family.futures or len(ledger.steps) < 2:
            await asyncio.sleep(0.001)
        with pytest.raises(Busy):
            await ask(studio)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    asyncio.run(crowd())

    assert len(family.futures) == 1
    assert [step for step, _ in ledger.steps] == ["reserve", "reserve", "release", "release"]


def test_remembered_pictures_are_charged_without_waiting_for_a_place() -> None:
    """While the only place is taken, what is remembered is judged, delivered and paid; nothing is drawn for it."""
    ledger, family = NotedLedger(20_000_000), GivenFamily(never)
    veiled = replace(REQUEST, prompts=(Prompt("a veiled barn"),))

    async def story() -> list[bool]:
        studio = make(ledger, family, places=1, queue=1)
        drawing = asyncio.create_task(ask(studio))
        while not family.futures:
            await asyncio.sleep(0)
        family.remembered = finished(REQUEST).result()
        told = [*await ask(studio), *await ask(studio, veiled)]
        drawing.cancel()
        await asyncio.wait([drawing])
        return told

    assert asyncio.run(story()) == [False, False, True, True]
    assert len(family.futures) == 1
    assert [step for step, _ in ledger.steps] == [
        "reserve",
        "reserve",
        "settle",
        "reserve",
        "give back filtered",
        "settle",
        "release",
    ]


def test_who_takes_delivery_slowly_keeps_nobody_waiting() -> None:
    """During delivery there is room in the line for others."""
    ledger = NotedLedger(20_000_000)

    async def story() -> list[bool]:
        studio = make(ledger, GivenFamily(finished), places=1, queue=0)
        async with studio.generate(CALLER, REQUEST):
            return await ask(studio)

    assert asyncio.run(story()) == [False, False]


@pytest.mark.parametrize(("answer", "last"), [(finished, "settle"), (failed, "release")])
def test_a_store_that_is_away_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Future[tuple[Picture, ...]]], last: str
) -> None:
    """If the store cannot be reached when a charge ends, the charge is ended as soon as it can."""
    monkeypatch.setattr(closing, "PAUSE", 0.01)
    ledger = NotedLedger(away=3)

    async def story() -> None:
        with contextlib.suppress(EngineFailed):
            await ask(make(ledger, GivenFamily(answer)))
        while ledger.away or len(ledger.steps) < 2:
            await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(story(), 5))

    assert [step for step, _ in ledger.steps] == ["reserve", last]
