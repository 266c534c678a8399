"""Recording: every request is asked of the real service, and what it answered is kept and passed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import ExitStack

from connexion.operations import AbstractOperation

from app.errors import UpstreamFailed
from app.recording.cap import Cap
from app.recording.incoming import Incoming, Intake, reply
from app.recording.prices import FREE, Quote, cost, quote
from app.recording.recordings import Recordings
from app.recording.upstream import Upstream
from app.settings import Limits
from app.web.answer import Answer
from app.web.body import Receive
from app.web.call import Send
from app.web.guard import Guard
from app.web.operation import ASGIApp, Scope
from engines.types import EngineCard, Task

log = logging.getLogger("understudy.recording")

TASKS = {
    "text-to-image": Task.TEXT_TO_IMAGE,
    "image-to-image": Task.IMAGE_TO_IMAGE,
    "masking": Task.MASKING,
    "upscale-image": Task.UPSCALE,
}
"""What the operations that cost something do."""


class Recorder:
    """Forwards and keeps.

    ``cards`` price what is asked for; ``key`` is the owner's, which never reaches a file; ``claim`` keeps
    other servers out of the folder until it is closed.
    """

    def __init__(
        self,
        recordings: Recordings,
        upstream: Upstream,
        cap: Cap,
        cards: Sequence[EngineCard],
        key: str,
        claim: ExitStack,
    ) -> None:
        self._recordings = recordings
        self._upstream = upstream
        self._cap = cap
        self._cards = cards
        self._key = key
        self._claim = claim
        self._writing = asyncio.Lock()

    def compile(self, operation: AbstractOperation, guard: Guard, limits: Limits) -> ASGIApp:
        """An operation that is answered by the upstream."""
        intake = Intake(operation, guard, limits, (self._key,))

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            incoming = await intake.read(scope, receive)
            # A caller that hangs up does not undo what the service was asked: it is paid for, and so it is kept.
            await reply(send, await self._answer(intake.name, incoming))

        return run

    async def close(self) -> None:
        """End all connections to the upstream, and let others record into the folder."""
        await self._upstream.close()
        self._claim.close()

    async def _answer(self, operation: str, incoming: Incoming) -> Answer:
        task = TASKS.get(operation)
        price = quote(self._cards, task, incoming.engine_id, incoming.normal) if task else FREE
        answer = await self._bought(incoming, price)
        if answer.status == 401:
            log.warning("the upstream refuses the key it is asked with")
        async with self._writing:
            kept = await asyncio.to_thread(self._recordings.add, operation, incoming.normal, answer)
        facts = {"exchange": kept.folder.name if kept else None, "spent": self._cap.spent / 1_000_000}
        log.info("recorded" if kept else "known already", extra={"facts": facts})
        return answer

    async def _bought(self, incoming: Incoming, price: Quote) -> Answer:
        """The answer, counted by what it cost; one that may have been worked on and was lost counts in full."""
        with self._cap.purchase(price.whole) as purchase:
            try:
                answer = await self._upstream.ask(incoming.method, incoming.target, incoming.headers, incoming.body)
            except UpstreamFailed as problem:
                purchase.cost = price.whole if problem.asked else 0
                raise
            purchase.cost = cost(price, answer)
            return answer
