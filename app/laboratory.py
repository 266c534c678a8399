"""Asks the analysts about texts and pictures: each question waits its turn and has to be answered in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from app.desk import Desk, in_time
from engines.analysis.analysts import Analysts
from engines.analysis.types import Findings, Question
from engines.types import Pixels

T = TypeVar("T")


class Laboratory:
    """The way to the analysts. What an answer costs is the affair of who asks: see ``app.till``."""

    def __init__(self, analysts: Analysts, desk: Desk, seconds: float) -> None:
        self._analysts = analysts
        self._desk = desk
        self._seconds = seconds

    async def score(self, question: Question) -> Findings:
        """Scores for texts or a picture. Raises ``EngineNotReady``, ``EngineFailed``, ``Busy``, ``TookTooLong``."""
        return await self._answered(lambda: self._analysts.score(question))

    async def separate(self, question: Question) -> Pixels:
        """The subject of a picture, height x width; raises as ``score`` does."""
        return await self._answered(lambda: self._analysts.separate(question))

    async def _answered(self, ask: Callable[[], Future[T]]) -> T:
        with self._desk.line() as turn:
            return await in_time(turn.place, self._seconds, lambda: asyncio.wrap_future(ask()))
