"""Test mode around the whole server: whose world a request belongs to, and what is played on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from app import seeds
from app.errors import Ignored, UnknownKey
from app.testing import request as requests
from app.testing.cue import cue_for
from app.testing.notes import Notes
from app.testing.operations import Operations
from app.testing.request import Incoming, Request
from app.testing.wire import SILENT, SPOILT, Spoiling, be_unavailable, fall_silent, stays
from app.web.answer import Answer
from app.web.body import ClientGone, Receive
from app.web.call import TRANSPORT, Send
from app.web.front import Front
from app.web.guard import bare_key
from app.web.operation import ASGIApp, Scope, header_map
from app.worlds import magic, now
from app.worlds.outcomes import Outcome, error_for
from app.worlds.redaction import Redaction
from app.worlds.strictness import Finding
from app.worlds.world import World
from app.worlds.worlds import Worlds
from engines.types import EngineCard

PLAYED = "played"
"""The key in ASGI's connection state under which the Stage leaves the error that is to be played."""


class Prompter:
    """Stands between the front and the operations and raises what the Stage wants to be played.

    So a played error takes the way of a real one and gets the same words, headers and log.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise, or pass on."""
        if error := scope.get("state", {}).get(PLAYED):
            raise error
        await self._inner(scope, receive, send)


class Stage:
    """The server in test mode as one ASGI application; ``front`` has a ``Prompter`` inside.

    ``cards`` gives the engines that the world of the moment sees.
    """

    def __init__(
        self, front: Front, worlds: Worlds, operations: Operations, cards: Callable[[], tuple[EngineCard, ...]]
    ) -> None:
        self.limits = front.limits
        self._front = front
        self._worlds = worlds
        self._operations = operations
        self._cards = cards

    def word(self, path: str, error: Exception) -> Answer:
        """The answer for an error at this path, in the words of the path's dialect."""
        return self._front.word(path, error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play one request in its world; whatever belongs to no world goes its usual way."""
        if scope["type"] == "http":
            # A connection's next request may be started from within the one before, and inherit its context.
            _enter(None)
        played = scope["type"] == "http" and await self._played(scope, receive, send)
        if not played:
            await self._front(scope, receive, send)

    async def _played(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Whether the request had a world, and so has been answered."""
        target = self._operations.find(scope["method"], scope["path"])
        headers = header_map(scope)
        key = bare_key(headers.get("authorization", ""))
        world = self._world_of(key) if target and scope["method"] != "OPTIONS" else None
        if target is None or world is None:
            return False
        tab, incoming = _enter(world), Incoming(receive)
        try:
            request = await requests.read(scope, target, headers, key, incoming, self.limits)
        except ClientGone:
            return True
        await self._play(world, request, tab, incoming, send)
        return True

    def _world_of(self, key: str) -> World | None:
        try:
            return self._worlds.open(key)
        except UnknownKey:
            return None

    async def _play(self, world: World, request: Request, tab: now.Tab, incoming: Incoming, send: Send) -> None:
        card = next((card for card in self._cards() if card.id == request.engine), None)
        cue = cue_for(request, world, card)
        _name_a_real_engine(request, incoming)
        ignored = request.findings(card)
        entry = dataclasses.replace(
            request.entry(world.clock.now()),
            latency=cue.seconds,
            outcome=cue.outcome and cue.outcome.value,
            rules=cue.rules,
            findings=tuple(map(str, ignored)),
        )
        notes = Notes(send, world.journal, entry, Redaction(request.key), tab)
        try:
            if cue.seconds and not await stays(incoming.later, cue.seconds, request.scope["state"][TRANSPORT]):
                return
            refusal = incoming.problem or (_refusal(ignored) if world.strict else None)
            await self._perform(request, cue.outcome, refusal, incoming, notes)
        finally:
            notes.close()

    async def _perform(
        self, request: Request, outcome: Outcome | None, refusal: Exception | None, incoming: Incoming, notes: Notes
    ) -> None:
        state = request.scope["state"]
        if outcome is Outcome.UNAVAILABLE:
            await be_unavailable(notes)
            return
        if outcome in SILENT:
            await fall_silent(outcome, state[TRANSPORT], incoming.later)
            return
        now.forced_filter.set(outcome is Outcome.CONTENT_FILTERED)
        state[PLAYED] = (self._error(outcome, request) if outcome else None) or refusal
        if outcome in SPOILT:
            await Spoiling(notes, state[TRANSPORT], outcome).answer(self._front, request.scope, incoming)
        else:
            await self._front(request.scope, incoming, notes)

    def _error(self, outcome: Outcome, request: Request) -> Exception | None:
        path = request.scope["path"]
        return error_for(outcome, request.asked_for, lambda error: self.word(path, error).status)


def _enter(world: World | None) -> now.Tab:
    """Make ``world`` the one of this task, with a new tab and no wishes yet."""
    tab = now.Tab()
    now.current.set(world)
    now.tab.set(tab)
    now.forced_filter.set(False)
    if world is not None:
        seeds.source.set(world.next_seed)
    return tab


def _name_a_real_engine(request: Request, incoming: Incoming) -> None:
    """A magic engine id in a body, where the contract does not know it, stands for an engine that it knows."""
    named, operation = request.reading.engine, request.target.operation
    if named and operation and operation.real_engine and magic.in_engine(named):
        incoming.rename(named, operation.real_engine)


def _refusal(ignored: tuple[Finding, ...]) -> Ignored | None:
    return Ignored(ignored[0].place, ignored[0].field, ignored[0].message) if ignored else None
