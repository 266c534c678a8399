"""The one use case: identify, check, price, charge, generate, deliver, or give everything back."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from app.accounts.model import Caller, Charge
from app.accounts.ports import Ledger
from app.closing import Closing, unbroken
from app.desk import Desk
from app.errors import InsufficientBalance, PromptRefused, TookTooLong
from app.filters import OutputFilter, PromptFilter
from app.pricing import price_of_one
from engines.codec import blur
from engines.registry import Registry
from engines.types import EngineCard, GenerationRequest, Picture, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A picture as it leaves the studio; a filtered one is already blurred and costs nothing."""

    pixels: Pixels
    seed: int
    filtered: bool


class Studio:
    """Takes orders for pictures. ``hands`` is where picture work runs."""

    def __init__(
        self,
        registry: Registry,
        ledger: Ledger,
        prompt_filter: PromptFilter,
        output_filter: OutputFilter,
        desk: Desk,
        hands: Executor,
        seconds: float,
    ) -> None:
        self._registry = registry
        self._ledger = ledger
        self._prompt_filter = prompt_filter
        self._output_filter = output_filter
        self._desk = desk
        self._hands = hands
        self._seconds = seconds
        self._closing = Closing()

    def cards(self) -> tuple[EngineCard, ...]:
        """Every engine, in the order in which they are listed."""
        return self._registry.cards()

    def card(self, engine_id: str) -> EngineCard:
        """One engine. Raises ``UnknownEngine``."""
        return self._registry.card(engine_id)

    @asynccontextmanager
    async def generate(self, caller: Caller, request: GenerationRequest) -> AsyncIterator[tuple[Finished, ...]]:
        """The finished pictures, one per sample; deliver them inside the ``async with``.

        The whole price is taken before the work begins. Leaving the block normally means that the
        pictures were delivered: the price is then spent, less what was given back for filtered ones.
        Leaving it with any exception, a client that hung up included, gives everything back.
        """
        card = self._registry.check(request)
        if self._prompt_filter.refuses(request.prompts):
            raise PromptRefused
        async with AsyncExitStack() as line:
            place = await line.enter_async_context(self._desk.line())
            async with self._charged(caller, card, request) as charge:
                finished = await self._made_in_time(place, request)
                await self._give_back_filtered(charge, request, finished)
                await line.aclose()  # Who is slow to take delivery keeps nobody waiting.
                yield finished

    async def _made_in_time(self, place: asyncio.Semaphore, request: GenerationRequest) -> tuple[Finished, ...]:
        try:
            async with asyncio.timeout(self._seconds), place:
                return await self._work(request)
        except TimeoutError:
            raise TookTooLong(f"not finished within {self._seconds:g} seconds") from None

    @asynccontextmanager
    async def _charged(self, caller: Caller, card: EngineCard, request: GenerationRequest) -> AsyncIterator[Charge]:
        charge = _charge(caller, card, request)
        try:
            await unbroken(self._ledger.reserve(charge))
            yield charge
        except InsufficientBalance:
            raise
        except BaseException as problem:
            await unbroken(self._closing.close(functools.partial(self._ledger.release, charge.id, _reason(problem))))
            raise
        await unbroken(self._closing.close(functools.partial(self._ledger.settle, charge.id)))

    async def _work(self, request: GenerationRequest) -> tuple[Finished, ...]:
        pictures = await asyncio.wrap_future(self._registry.submit(request))
        loop = asyncio.get_running_loop()
        # A filter may ask whose request this is, which the context knows; executors do not pass it on by themselves.
        judged = (functools.partial(contextvars.copy_context().run, self._judge, request, one) for one in pictures)
        return tuple(await asyncio.gather(*(loop.run_in_executor(self._hands, judge) for judge in judged)))

    def _judge(self, request: GenerationRequest, picture: Picture) -> Finished:
        if picture.unsafe or self._output_filter.trips(request, picture):
            return Finished(blur(picture.pixels), picture.seed, filtered=True)
        return Finished(picture.pixels, picture.seed, filtered=False)

    async def _give_back_filtered(
        self, charge: Charge, request: GenerationRequest, finished: tuple[Finished, ...]
    ) -> None:
        filtered = sum(picture.filtered for picture in finished)
        if filtered:
            amount = charge.amount * filtered // request.samples
            await self._ledger.give_back(charge.id, amount, "filtered")


def _reason(problem: BaseException) -> str:
    return "cancelled" if isinstance(problem, asyncio.CancelledError) else type(problem).__name__


def _charge(caller: Caller, card: EngineCard, request: GenerationRequest) -> Charge:
    return Charge(
        id=secrets.token_hex(16),
        organization_id=caller.organization_id,
        key_id=caller.key_id,
        amount=price_of_one(card, request) * request.samples,
        engine_id=card.id,
        task=request.task.value,
        samples=request.samples,
        at=int(time.time() * 1000),
    )
