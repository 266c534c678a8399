"""Replay: every request is answered from what was recorded, without engines and network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connexion.operations import AbstractOperation

from app.errors import NoRecording
from app.recording.differences import Difference, nearest
from app.recording.incoming import Incoming, Intake, reply
from app.recording.recordings import Recordings
from app.settings import Limits
from app.web.answer import Answer
from app.web.body import Receive
from app.web.call import Send
from app.web.guard import Guard
from app.web.operation import ASGIApp, Scope

NAMED = 5
"""Differences that are told; more would hide them."""
PLACES = 100_000
"""Places in sequences that are remembered, one for each key and request that has several answers."""


class Replayer:
    """Answers from ``recordings``. Several answers to one request come in order, for each key; the last one stays."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._places: dict[tuple[str, str], int] = {}

    def compile(self, operation: AbstractOperation, guard: Guard, limits: Limits) -> ASGIApp:
        """An operation that is answered from the recordings."""
        intake = Intake(operation, guard, limits, ())

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            incoming = await intake.read(scope, receive)
            await reply(send, await self._answer(incoming))

        return run

    async def close(self) -> None:
        """Nothing is held."""

    async def _answer(self, incoming: Incoming) -> Answer:
        answers = self._recordings.to(incoming.normal)
        if not answers:
            raise self._nothing(incoming)
        place = 0 if len(answers) == 1 else self._next((incoming.key_id, incoming.normal.identity), len(answers))
        return await asyncio.to_thread(answers[place].answer)

    def _next(self, whose: tuple[str, str], count: int) -> int:
        place = self._places.pop(whose, 0)
        self._places[whose] = min(place + 1, count - 1)
        if len(self._places) > PLACES:
            del self._places[next(iter(self._places))]
        return place

    def _nothing(self, incoming: Incoming) -> NoRecording:
        asked = f"{incoming.method} {incoming.normal.facts['path']}"
        found = nearest(incoming.normal.facts, self._recordings)
        if found is None:
            return NoRecording("nothing is recorded", f"No recording answers {asked}: nothing is recorded.")
        exchange, all_of_them = found
        told = _listed(all_of_them)
        names = ", ".join(one.field for one in all_of_them[:NAMED])
        return NoRecording(
            f"nearest is {exchange.folder.name}, other {names}",
            f"No recording answers {asked}. The nearest one is {exchange.folder.name}, which differs in {told}.",
        )


def _listed(differences: Sequence[Difference]) -> str:
    told = [f"{one.field} (recorded {one.recorded}, sent {one.sent})" for one in differences[:NAMED]]
    rest = len(differences) - NAMED
    return ", ".join([*told, f"and {rest} more"] if rest > 0 else told)
