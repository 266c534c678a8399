"""Stablecog: what is told and what is kept when pictures are filtered, or nobody hears where they are."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from app.accounts.model import Account, Caller
from app.dialects.stablecog.refusals import AllFiltered
from app.dialects.stablecog.stablecog import Stablecog
from app.gallery.folder import Gallery
from app.studio import Delivery, Finished, Studio
from app.web.answer import Answer
from app.web.body import Body, ClientGone
from app.web.call import Call
from engines.catalog import CARDS
from engines.types import EngineCard
from tests.rooms import tools

ORGANIZATION = "org-1"
CALLER = Caller(Account("user-1", "ada@example.com", "", ()), ORGANIZATION, "key-1", 0)
SENT = {"prompt": "a fox", "negative_prompt": "", "num_outputs": 3, "seed": 7, "guidance_scale": 7}
FULL = {**SENT, "inference_steps": 30, "prompt_strength": 0.6, "width": 256, "height": 256}


class Ready:
    """A studio that has finished its pictures before they are asked for; the seeds of filtered ones are told."""

    def __init__(self, filtered: frozenset[int]) -> None:
        self._filtered = filtered
        self.failed: type[BaseException] | None = None

    def cards(self) -> tuple[EngineCard, ...]:
        """All engines."""
        return CARDS

    def card(self, engine_id: str) -> EngineCard:
        """One of them."""
        return next(card for card in CARDS if card.id == engine_id)

    @asynccontextmanager
    async def generate(self, *_: object) -> AsyncIterator[Delivery]:
        """Three grey pictures; what comes out of the block is noted."""
        grey = np.full((256, 256, 3), 128, np.uint8)
        pictures = tuple(Finished(grey, seed, seed in self._filtered) for seed in (7, 8, 9))
        try:
            yield Delivery(pictures, 5_500_000)
        except BaseException as problem:
            self.failed = type(problem)
            raise


class Heard:
    """A call whose answer arrives, or does not."""

    headers = {"host": "art.example"}
    caller = CALLER
    body = Body(SENT, FULL)

    def __init__(self, listening: Callable[[], None]) -> None:
        self._listening = listening
        self.answer: Any = None

    async def reply(self, answer: Answer) -> None:
        """Note the answer, or fail."""
        self._listening()
        self.answer = json.loads(answer.body)


def deliver(
    folder: Path, listening: Callable[[], None], filtered: frozenset[int] = frozenset()
) -> tuple[Any, list[str], type[BaseException] | None]:
    """One request: the answer that was heard, the ids in the gallery afterwards, and what failed the charge."""

    async def work() -> tuple[Any, list[str], type[BaseException] | None]:
        gallery = Gallery(folder, 60.0, 10**9, lambda _: 1_700_000_000.0)
        studio, call = Ready(filtered), Heard(listening)
        with ThreadPoolExecutor(1) as hands:
            rooms = dataclasses.replace(tools(studio=cast("Studio", studio), hands=hands), gallery=gallery)
            with suppress(ClientGone, AllFiltered, asyncio.CancelledError):
                await Stablecog(rooms).create_generation(cast("Call", call))
        pieces, _ = await gallery.page(ORGANIZATION, 10, None)
        return call.answer, [piece.id for piece in pieces], studio.failed

    return asyncio.run(work())


def test_all_is_told_and_kept(tmp_path: Path) -> None:
    """Three pictures, in the order of their seeds, and what is left."""
    answer, kept, failed = deliver(tmp_path, lambda: None)

    assert [one["seed"] for one in answer["outputs"]] == [7, 8, 9]
    assert [one["id"] for one in answer["outputs"]] == kept
    assert answer["remaining_credits"] == 5.5
    assert failed is None


@pytest.mark.parametrize("filtered", [{7}, {8}, {7, 9}])
def test_filtered_pictures_are_left_out(tmp_path: Path, filtered: set[int]) -> None:
    """The others are told with their seeds and kept; the request is not failed by it."""
    answer, kept, failed = deliver(tmp_path, lambda: None, frozenset(filtered))

    assert {one["seed"] for one in answer["outputs"]} == {7, 8, 9} - filtered
    assert [one["id"] for one in answer["outputs"]] == kept
    assert (answer["settings"]["num_outputs"], answer["settings"]["seed"]) == (3, 7)
    assert failed is None


def test_nothing_is_left_of_filtered_ones_alone(tmp_path: Path) -> None:
    """The request fails, and so is given back."""
    assert deliver(tmp_path, lambda: None, frozenset({7, 8, 9})) == (None, [], AllFiltered)


@pytest.mark.parametrize("problem", [ClientGone, asyncio.CancelledError])
def test_pictures_nobody_hears_of_are_taken_down(tmp_path: Path, problem: type[BaseException]) -> None:
    """Where the answer could not be delivered nothing stays in the list, and the charge is failed."""

    def gone() -> None:
        raise problem

    assert deliver(tmp_path, gone) == (None, [], problem)
