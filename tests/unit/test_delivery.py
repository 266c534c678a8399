"""The dialects of one picture: an answer that nobody hears is not sold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, cast

import numpy as np
import pytest

from app.dialects.aithriving.aithriving import Aithriving
from app.dialects.serevix.serevix import Serevix
from app.dialects.stativerse.stativerse import Stativerse
from app.studio import Delivery, Finished, Studio
from app.tools import Tools
from app.web.body import Body, ClientGone
from app.web.call import Call
from engines.catalog import CARDS
from engines.types import EngineCard
from tests.rooms import tools

CORE = {"prompt": "a fox", "aspect_ratio": "1:1", "seed": 7}
FORM = {**CORE, "model": "sd-core", "mode": "text-to-image"}
SWITCHES = {"crop": False, "remove_background": False, "safety_check": False}
DRAWING = {
    "resolution": [64, 64],
    "steps": 8,
    "guidance": 1,
    "output_format": "Base64 PNG",
    "seed": 7,
    "prompt": "a fox",
}


class Ready:
    """A studio that has finished its picture before it is asked for."""

    def __init__(self) -> None:
        self.failed: type[BaseException] | None = None

    def card(self, engine_id: str) -> EngineCard:
        """One of all engines."""
        return next(card for card in CARDS if card.id == engine_id)

    @asynccontextmanager
    async def generate(self, *_: object) -> AsyncIterator[Delivery]:
        """A grey picture; what comes out of the block is noted."""
        try:
            yield Delivery((Finished(np.full((64, 64, 3), 128, np.uint8), 7, False),), 5_500_000)
        except BaseException as problem:
            self.failed = type(problem)
            raise


class Unheard:
    """A call whose client hangs up while the answer is sent."""

    headers = {"accept": "image/*"}
    caller = None

    def __init__(self, sent: dict[str, Any]) -> None:
        self.body = Body(sent, sent)

    async def reply(self, _: object) -> None:
        """Nobody is there."""
        raise ClientGone


@pytest.mark.parametrize(
    ("operation", "sent"),
    [
        (lambda rooms: Aithriving(rooms).generate_core, CORE),
        (lambda rooms: Serevix(rooms).generate_image, FORM),
        (lambda rooms: Stativerse(rooms).image_generation, DRAWING | SWITCHES),
    ],
    ids=["aithriving", "serevix", "stativerse"],
)
def test_who_hangs_up_during_the_answer_pays_nothing(operation: Callable[[Tools], Any], sent: dict[str, Any]) -> None:
    """The sale fails with the answer, and so is given back."""
    studio = Ready()

    with ThreadPoolExecutor(1) as hands, pytest.raises(ClientGone):
        asyncio.run(operation(tools(studio=cast("Studio", studio), hands=hands))(cast("Call", Unheard(sent))))

    assert studio.failed is ClientGone
