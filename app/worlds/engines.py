"""The engines that the world of a request shows."""

from __future__ import annotations

from app.worlds.now import current
from engines.errors import UnknownEngine
from engines.registry import Registry
from engines.types import EngineCard


class VisibleRegistry(Registry):
    """A registry that keeps from each world what it is not to see."""

    def cards(self) -> tuple[EngineCard, ...]:
        """The cards that the current world sees; all of them outside of a world."""
        return tuple(card for card in super().cards() if _visible(card.id))

    def card(self, engine_id: str) -> EngineCard:
        """One card; an engine that the world does not see is unknown to it."""
        if not _visible(engine_id):
            raise UnknownEngine(engine_id)
        return super().card(engine_id)


def _visible(engine_id: str) -> bool:
    world = current.get()
    return world is None or world.engines is None or engine_id in world.engines
