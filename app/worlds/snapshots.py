"""A world as it was at one moment, kept under a name and brought back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.accounts.model import Role
from app.accounts.ports import RateLimit
from app.worlds.gate import GateState
from app.worlds.journal import Entry
from app.worlds.purse import PurseState
from app.worlds.refusals import Full, NoSuchSnapshot
from app.worlds.rules import RuleState
from app.worlds.seeds import SeedState

if TYPE_CHECKING:
    from app.worlds.world import World


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a world remembers, but for the charges of requests that were running."""

    at: float
    """By the world's clock, in Unix seconds."""
    purse: PurseState
    role: Role
    engines: frozenset[str] | None
    strict: bool
    rate_limit: RateLimit | None
    gate: GateState
    offset: float
    seeds: SeedState
    rules: RuleState
    journal: tuple[Entry, ...]


def take(world: World) -> Snapshot:
    """The world as it is now; nothing in it changes."""
    return Snapshot(
        at=world.clock.now(),
        purse=world.books.state(),
        role=world.role,
        engines=world.engines,
        strict=world.strict,
        rate_limit=world.rate_limit,
        gate=world.gate.state(),
        offset=world.clock.offset,
        seeds=world.seeds.state(),
        rules=world.rules.state(),
        journal=tuple(world.journal),
    )


def restore(world: World, snapshot: Snapshot) -> None:
    """The world as it was; its clock is again as far ahead as it was then.

    Requests that are running go on, but their charges move nothing any more.
    """
    world.books.restore(snapshot.purse)
    world.role = snapshot.role
    world.engines = snapshot.engines
    world.strict = snapshot.strict
    world.rate_limit = snapshot.rate_limit
    world.gate.restore(snapshot.gate)
    world.clock.offset = snapshot.offset
    world.seeds.restore(snapshot.seeds)
    world.rules.restore(snapshot.rules)
    world.journal.restore(snapshot.journal)


class Shelf:
    """The snapshots of one world by name, ``most`` of them."""

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._kept: dict[str, Snapshot] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, name: object) -> bool:
        return name in self._kept

    def keep(self, name: str, snapshot: Snapshot) -> None:
        """Keep it, in place of one of the same name. Raises ``Full``."""
        self.check_room(name)
        self._kept[name] = snapshot

    def check_room(self, name: str) -> None:
        """Raise ``Full`` if there is no place for a snapshot of this name."""
        if name not in self._kept and len(self._kept) >= self._most:
            raise Full("snapshots", self._most)

    def get(self, name: str) -> Snapshot:
        """The snapshot of this name. Raises ``NoSuchSnapshot``."""
        if name not in self._kept:
            raise NoSuchSnapshot(name)
        return self._kept[name]

    def all(self) -> tuple[tuple[str, Snapshot], ...]:
        """Every name with its snapshot, in the order in which the names were first used."""
        return tuple(self._kept.items())

    def drop(self, name: str) -> None:
        """Forget it. Raises ``NoSuchSnapshot``."""
        self.get(name)
        del self._kept[name]
