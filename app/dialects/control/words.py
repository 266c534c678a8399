"""What the control API says of worlds, rules and outcomes, as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.worlds.keys import MAGIC
from app.worlds.outcomes import Outcome, describe
from app.worlds.rules import Counts, Rule
from app.worlds.world import World
from engines.prices import MICRO

Facts = dict[str, Any]
"""A JSON object."""


def row(one: World) -> Facts:
    """A world in a list of worlds; never its key."""
    return {"id": one.id, "name": one.name, "balance": one.books.balance / MICRO, "requests": len(one.journal)}


def world(one: World) -> Facts:
    """The whole state of a world."""
    limit = one.rate_limit
    return row(one) | {
        "spent": one.books.spent / MICRO,
        "reserved": one.books.open / MICRO,
        "role": one.role,
        "engines": None if one.engines is None else sorted(one.engines),
        "strict": one.strict,
        "rate_limit": limit and {"requests": limit.requests, "window": limit.window, "lockout": limit.lockout},
        "now": one.clock.now(),
        "advanced": one.clock.offset,
        "rules": len(one.rules.all()),
        "snapshots": [name for name, _ in one.snapshots.all()],
        "account": one.account.id,
        "organization": one.organization_id,
    }


def rule(one: Rule, counts: Counts) -> Facts:
    """A rule with what it has counted, in the words in which it is sent: without end is 0 times."""
    plain = one.plain()
    said = {part: _said(plain[part]) for part in ("match", "effect")}
    return plain | said | {"times": one.times or 0, "matched": counts.matched, "fired": counts.fired}


def snapshots(worlds: Iterable[World]) -> Facts:
    """The names of all snapshots of these worlds, each once."""
    return {"snapshots": list(dict.fromkeys(name for one in worlds for name, _ in one.snapshots.all()))}


def outcome(one: Outcome) -> Facts:
    """A row of the table of outcomes."""
    dashed = f"{MAGIC}{one.value.replace('_', '-')}"
    return {
        "outcome": one,
        "prompt": f"understudy:{one}",
        "engine": dashed,
        "key": f"sk-{dashed}",
        "description": describe(one),
    }


def _said(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}
