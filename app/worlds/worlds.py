"""All worlds: opened by their keys, bounded in number, gone when nobody used them for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from app.worlds import snapshots
from app.worlds.keys import read_key
from app.worlds.opening import Bounds, Opening
from app.worlds.refusals import NoSuchSnapshot
from app.worlds.world import World


class Worlds:
    """``opening`` is what every new world starts with; ``idle_clock`` counts real seconds."""

    def __init__(
        self,
        bounds: Bounds = Bounds(),  # noqa: B008 -- frozen
        opening: Opening = Opening(),  # noqa: B008 -- frozen
        idle_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bounds = bounds
        self._opening = opening
        self._idle_clock = idle_clock
        self._worlds: OrderedDict[str, World] = OrderedDict()
        self._by_organization: dict[str, World] = {}

    def __len__(self) -> int:
        return len(self._worlds)

    def open(self, key: str) -> World:
        """The world of this key, a new one if there is none. Raises ``UnknownKey`` for what is no key.

        Makes room by closing the world that was not used for longest.
        """
        facts = read_key(key)
        world = self._worlds.get(facts.id)
        if world is None or world.idle() > self._bounds.seconds:
            self.expire()
            world = self._add(World(facts, self._opening, self._bounds, self._idle_clock))
        self._worlds.move_to_end(world.id)
        world.touch()
        return world

    def of(self, world_id: str) -> World | None:
        """The open world of this id."""
        return self._worlds.get(world_id)

    def of_organization(self, organization_id: str) -> World | None:
        """The open world whose organization this is."""
        return self._by_organization.get(organization_id)

    def all(self) -> tuple[World, ...]:
        """Every open world, the one used last at the end."""
        return tuple(self._worlds.values())

    def reset(self) -> None:
        """Reset every open world."""
        for world in self.all():
            world.reset()

    def snapshot(self, name: str) -> None:
        """Take a snapshot of this name of every open world. Raises ``Full``, in which case none was taken."""
        for world in self.all():
            world.snapshots.check_room(name)
        for world in self.all():
            world.snapshots.keep(name, snapshots.take(world))

    def restore(self, name: str) -> None:
        """Bring every open world back; those opened since are reset. Raises ``NoSuchSnapshot`` if no world has it."""
        if not any(name in world.snapshots for world in self.all()):
            raise NoSuchSnapshot(name)
        for world in self.all():
            if name in world.snapshots:
                snapshots.restore(world, world.snapshots.get(name))
            else:
                world.reset()

    def drop_snapshot(self, name: str) -> None:
        """Forget the snapshots of this name. Raises ``NoSuchSnapshot`` if no world has one."""
        having = [world for world in self.all() if name in world.snapshots]
        if not having:
            raise NoSuchSnapshot(name)
        for world in having:
            world.snapshots.drop(name)

    def expire(self) -> None:
        """Close every world that was idle for too long."""
        while self._worlds and next(iter(self._worlds.values())).idle() > self._bounds.seconds:
            self._close_oldest()

    def _add(self, world: World) -> World:
        while len(self._worlds) >= self._bounds.worlds:
            self._close_oldest()
        self._worlds[world.id] = world
        self._by_organization[world.organization_id] = world
        return world

    def _close_oldest(self) -> None:
        _, world = self._worlds.popitem(last=False)
        del self._by_organization[world.organization_id]
