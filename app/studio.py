"""The one use case: check, price, charge, generate, deliver, or give everything back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.accounts.model import Allowance, Caller
from app.darkroom import Darkroom
from app.desk import Desk, in_time
from app.errors import PromptRefused
from app.filters import OutputFilter, PromptFilter
from app.pricing import price_of_one
from app.till import Bill, Sale, Till
from engines.codec import blur
from engines.memory import Same
from engines.registry import Registry
from engines.types import EngineCard, GenerationRequest, Picture, Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A picture as it leaves the studio; a filtered one is already blurred and costs nothing."""

    pixels: Pixels
    seed: int
    filtered: bool


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """What is handed over: one picture per sample, and what the organization has left, in micro-credits."""

    pictures: tuple[Finished, ...]
    balance: int


class Studio:
    """Takes orders for pictures, which are drawn within some ``seconds``."""

    def __init__(
        self,
        registry: Registry,
        till: Till,
        prompt_filter: PromptFilter,
        output_filter: OutputFilter,
        desk: Desk,
        darkroom: Darkroom,
        seconds: float,
    ) -> None:
        self._registry = registry
        self._till = till
        self._prompt_filter = prompt_filter
        self._output_filter = output_filter
        self._desk = desk
        self._darkroom = darkroom
        self._seconds = seconds

    def cards(self) -> tuple[EngineCard, ...]:
        """Every engine, in the order in which they are listed."""
        return self._registry.cards()

    def card(self, engine_id: str) -> EngineCard:
        """One engine. Raises ``UnknownEngine``."""
        return self._registry.card(engine_id)

    @asynccontextmanager
    async def generate(
        self,
        caller: Caller,
        request: GenerationRequest,
        card: EngineCard | None = None,
        allowance: Allowance | None = None,
    ) -> AsyncIterator[Delivery]:
        """The finished pictures, one per sample; deliver them inside the ``async with``.

        ``card`` is the engine as a service sells it, where its price or its sizes are not the engine's own.
        The whole price is taken before the work begins, also out of the ``allowance`` if there is one. Leaving the
        block normally means that the pictures were delivered: the price is then spent, less what was given back
        for filtered ones. Leaving it with any exception, a client that hung up included, gives everything back.
        """
        card = self._registry.check(request, card)
        if self._prompt_filter.refuses(request.prompts):
            raise PromptRefused
        one = price_of_one(card, request)
        sale = Sale(one * request.samples, card.id, request.task.value, request.samples, allowance)
        with self._desk.line() as turn:
            async with self._till.charged(caller, sale) as bill:
                finished = await self._finished(card, request, turn.place)
                await _give_back_filtered(bill, one, finished)
                turn.leave()  # Who is slow to take delivery keeps nobody waiting.
                yield Delivery(finished, bill.balance)

    async def _finished(
        self, card: EngineCard, request: GenerationRequest, place: asyncio.Semaphore
    ) -> tuple[Finished, ...]:
        """The judged pictures; what is remembered has to wait for no place."""
        remembered = self._registry.recall(request, card)
        if remembered is not None:
            return await self._judged(request, remembered)
        return await in_time(place, self._seconds, lambda: self._drawn(card, request))

    async def _drawn(self, card: EngineCard, request: GenerationRequest) -> tuple[Finished, ...]:
        return await self._judged(request, await asyncio.wrap_future(self._registry.submit(request, card)))

    async def _judged(self, request: GenerationRequest, pictures: tuple[Picture, ...]) -> tuple[Finished, ...]:
        trips = [picture.unsafe or self._output_filter.trips(request, picture) for picture in pictures]
        if not any(trips):
            return tuple(Finished(picture.pixels, picture.seed, filtered=False) for picture in pictures)
        return tuple(await asyncio.gather(*map(self._shown, pictures, trips)))

    async def _shown(self, picture: Picture, filtered: bool) -> Finished:
        pixels = await self._blurred(picture.pixels) if filtered else picture.pixels
        return Finished(pixels, picture.seed, filtered)

    async def _blurred(self, pixels: Pixels) -> Pixels:
        return await self._darkroom.once(("blurred", Same(pixels)), _size, blur, pixels)


def _size(pixels: Pixels) -> int:
    return pixels.nbytes


async def _give_back_filtered(bill: Bill, one: int, finished: tuple[Finished, ...]) -> None:
    if filtered := sum(picture.filtered for picture in finished):
        await bill.give_back(one * filtered, "filtered")
