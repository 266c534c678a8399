"""What every handler of ours does, whatever framework calls it: keys, engines, balances, charged pictures.

The parts are those of Understudy, put together by its composition root. Nothing here knows HTTP.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.accounts.model import Caller
from app.dialects.stability import reading
from app.dialects.stability.answers import SUCCESS, engine_row
from app.dialects.stability.uploads import StabilityUploads
from app.dialects.stability.v1 import ERA
from app.dialects.writing import base64_png
from app.errors import NoKey, UnknownKey
from app.hands import open_hands
from app.house import Ordinary
from app.main import equip
from app.settings import Settings
from app.web.guard import Guard
from app.workshop import open_workshop
from engines.codec import encode_png
from engines.prices import MICRO
from engines.types import GenerationRequest, Pixels

Words = Mapping[str, Any]
"""A body as it was read."""
Form = Callable[[Pixels], bytes]
PNG, BASE64 = encode_png, base64_png
"""The forms in which pictures are handed over; what was written once is remembered, as in Understudy."""


@dataclass(frozen=True, slots=True)
class Print:
    """A finished picture in its form, and its seed."""

    data: bytes
    seed: int
    finish_reason: str = SUCCESS


class Shop:
    """Belongs to one process and to the event loop that first asks it."""

    def __init__(self, settings: Settings) -> None:
        places = os.cpu_count() or 1
        hands = open_hands(places)
        house = Ordinary(settings)
        self._guard = Guard(house.store, None, house.acquaintances)
        self._tools = equip(settings, house, open_workshop(settings, hands, places), hands)
        self._uploads = StabilityUploads(settings.limits, self._tools.darkroom.memory)

    async def caller(self, header: str) -> Caller | None:
        """Who sends this ``Authorization``, remembered for a moment as in Understudy; None for an unknown key."""
        try:
            return await self._guard.glance({"authorization": header}, organizations=False)
        except (NoKey, UnknownKey):
            return None

    async def balance(self, caller: Caller) -> float:
        """What the caller has left in credits, by the store."""
        return await self._tools.till.balance(caller) / MICRO

    def engines(self) -> list[dict[str, str]]:
        """The engines of this version."""
        return [engine_row(card) for card in self._tools.studio.cards() if card.era == ERA]

    async def text_to_image(self, caller: Caller, engine_id: str, words: Words, form: Form) -> Print:
        """A picture from prompts, paid. Raises ``StepsOutOfRange`` and whatever else the engine refuses."""
        card = self._tools.studio.card(engine_id)
        return await self._print(caller, reading.text_to_image(card, words, words), form)

    async def image_to_image(self, caller: Caller, engine_id: str, words: Words, init: bytes, form: Form) -> Print:
        """A picture from another one, paid. Raises as ``text_to_image`` does."""
        card = self._tools.studio.card(engine_id)
        decoded = await self._tools.by_hand(self._uploads.init_image, card, init)
        return await self._print(caller, reading.image_to_image(card, decoded, words, words), form)

    async def _print(self, caller: Caller, request: GenerationRequest, form: Form) -> Print:
        async with self._tools.studio.generate(caller, request) as work:
            (picture,) = work.pictures
            (data,) = await self._tools.written(form, [picture.pixels])
            return Print(data, picture.seed)
