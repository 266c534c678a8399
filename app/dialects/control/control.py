"""The control API: one method per operation of ``spec/control.yaml``."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from app.accounts.model import Role
from app.accounts.ports import RateLimit
from app.dialects.control import words
from app.dialects.control.wording import NoSuchRule, word
from app.gallery.folder import Gallery
from app.web.answer import Answer, json_answer
from app.web.call import Call
from app.worlds import rule, snapshots
from app.worlds.outcomes import Outcome
from app.worlds.rule import Names
from app.worlds.world import World
from app.worlds.worlds import Worlds
from engines.prices import MICRO

DONE = Answer(204, b"")


class Control:
    """Shows and changes worlds, which never waits, so every operation is atomic.

    ``names`` are those that rules and the journal's filters may use; what hangs in the ``gallery`` is forgotten
    with a world's reset, before anything else.
    """

    contract = "control"

    def __init__(self, worlds: Worlds, names: Names, gallery: Gallery) -> None:
        self._worlds = worlds
        self._names = names
        self._gallery = gallery

    async def show_world(self, call: Call) -> None:
        """The state of the caller's world."""
        await call.reply(json_answer(words.world(self._world(call))))

    async def change_world(self, call: Call) -> None:
        """Set what is named; all of it or nothing."""
        world, wanted = self._world(call), call.body.sent
        if "balance" in wanted:
            world.books.set_balance(round(wanted["balance"] * MICRO))
        world.role = Role(wanted.get("role", world.role))
        world.strict = wanted.get("strict", world.strict)
        if "engines" in wanted:
            world.engines = None if "*" in wanted["engines"] else frozenset(wanted["engines"])
        if "rate_limit" in wanted:
            world.rate_limit = _rate_limit(call.body.full["rate_limit"])
        await call.reply(json_answer(words.world(world)))

    async def reset_world(self, call: Call) -> None:
        """As the key opened it."""
        world = self._world(call)
        await self._gallery.forget(world.organization_id)
        world.reset()
        await call.reply(DONE)

    async def advance_clock(self, call: Call) -> None:
        """Let time pass in the world."""
        world = self._world(call)
        world.clock.advance(call.body.sent["advance"])
        await call.reply(json_answer(words.world(world)))

    async def list_rules(self, call: Call) -> None:
        """Every rule in order."""
        rules = self._world(call).rules
        await call.reply(json_answer({"rules": [words.rule(one, rules.counts(one.id)) for one in rules.all()]}))

    async def add_rule(self, call: Call) -> None:
        """A rule behind the others."""
        rules = self._world(call).rules
        sent = call.body.full
        # The contract has a number for "without end", because nulls count as absent.
        added = rules.add(rule.parse({**sent, "times": sent["times"] or None}, self._names))
        await call.reply(json_answer(words.rule(added, rules.counts(added.id)), 201))

    async def clear_rules(self, call: Call) -> None:
        """No rules."""
        self._world(call).rules.clear()
        await call.reply(DONE)

    async def remove_rule(self, call: Call) -> None:
        """One rule less."""
        rule_id = call.path["rule_id"]
        if not self._world(call).rules.remove(rule_id):
            raise NoSuchRule(rule_id)
        await call.reply(DONE)

    async def read_journal(self, call: Call) -> None:
        """The entries that fit."""
        found = self._world(call).journal.find(**self._filters(call))
        await call.reply(json_answer({"entries": [entry.plain() for entry in found]}))

    async def count_journal(self, call: Call) -> None:
        """How many entries fit."""
        count = self._world(call).journal.count(**self._filters(call))
        await call.reply(json_answer({"count": count}))

    async def clear_journal(self, call: Call) -> None:
        """An empty journal."""
        self._world(call).journal.clear()
        await call.reply(DONE)

    async def list_snapshots(self, call: Call) -> None:
        """The names of the world's snapshots."""
        await call.reply(json_answer(words.snapshots([self._world(call)])))

    async def take_snapshot(self, call: Call) -> None:
        """Remember the world."""
        world = self._world(call)
        world.snapshots.keep(call.body.sent["name"], snapshots.take(world))
        await call.reply(json_answer(words.snapshots([world]), 201))

    async def drop_snapshot(self, call: Call) -> None:
        """Forget one."""
        self._world(call).snapshots.drop(call.path["name"])
        await call.reply(DONE)

    async def restore_snapshot(self, call: Call) -> None:
        """Go back to one."""
        world = self._world(call)
        snapshots.restore(world, world.snapshots.get(call.path["name"]))
        await call.reply(json_answer(words.world(world)))

    async def list_worlds(self, call: Call) -> None:
        """Every world, the last used first."""
        rows = [words.row(world) for world in reversed(self._worlds.all())]
        await call.reply(json_answer({"worlds": rows}))

    async def reset_server(self, call: Call) -> None:
        """Every world as its key opened it."""
        for world in self._worlds.all():
            await self._gallery.forget(world.organization_id)
        self._worlds.reset()
        await call.reply(DONE)

    async def list_server_snapshots(self, call: Call) -> None:
        """The names of the snapshots of all worlds."""
        await call.reply(json_answer(words.snapshots(self._worlds.all())))

    async def take_server_snapshot(self, call: Call) -> None:
        """Remember every world."""
        self._worlds.snapshot(call.body.sent["name"])
        await call.reply(json_answer(words.snapshots(self._worlds.all()), 201))

    async def drop_server_snapshot(self, call: Call) -> None:
        """Forget one of every world."""
        self._worlds.drop_snapshot(call.path["name"])
        await call.reply(DONE)

    async def restore_server_snapshot(self, call: Call) -> None:
        """Bring every world back."""
        self._worlds.restore(call.path["name"])
        await call.reply(DONE)

    async def list_outcomes(self, call: Call) -> None:
        """The table of outcomes."""
        await call.reply(json_answer({"outcomes": [words.outcome(one) for one in Outcome]}))

    def word(self, error: Exception) -> Answer:
        """An error as an object of three strings."""
        wording = word(error)
        body = {"id": secrets.token_hex(16), "name": wording.name, "message": wording.message}
        return json_answer(body, wording.status, wording.headers)

    def _filters(self, call: Call) -> Mapping[str, Any]:
        self._names.check(call.query.get("operation"), call.query.get("version"))
        return call.query

    def _world(self, call: Call) -> World:
        world = self._worlds.of_organization(call.caller.organization_id)
        if world is None:
            raise LookupError("the guard opened a world that is not there")
        return world


def _rate_limit(wanted: Mapping[str, Any]) -> RateLimit | None:
    if not wanted["requests"]:
        return None
    return RateLimit(wanted["requests"], wanted["window"], wanted["lockout"])
