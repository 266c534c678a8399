"""The engines that the world of a request sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.worlds.keys import MAGIC
from app.worlds.now import current
from app.worlds.outcomes import NEEDS_ANSWER, Outcome
from engines.errors import UnknownEngine
from engines.registry import Registry
from engines.sizes import UpscaleRange
from engines.types import EngineCard, EngineFamily, Task


class VisibleRegistry(Registry):
    """A registry that keeps from each world what it is not to see.

    Magic engine ids whose outcome needs a drawn picture, such as ``understudy-content-filtered``, are
    engines here that every world can use and none lists: they do every task in any usual size.
    """

    def __init__(self, families: Mapping[str, EngineFamily], cards: Iterable[EngineCard]) -> None:
        cards = tuple(cards)
        model = next((card for card in cards if Task.TEXT_TO_IMAGE in card.tasks), None)
        magic = tuple(_stand_in(model, outcome) for outcome in sorted(NEEDS_ANSWER)) if model else ()
        lent = {card.id: families[model.id] for card in magic} if model else {}
        super().__init__({**families, **lent}, (*cards, *magic))
        self._magic = frozenset(lent)

    def cards(self) -> tuple[EngineCard, ...]:
        """The cards that the current world sees; all of them outside of a world."""
        return tuple(card for card in super().cards() if card.id not in self._magic and _visible(card.id))

    def card(self, engine_id: str) -> EngineCard:
        """One card; an engine that the world does not see is unknown to it."""
        if engine_id not in self._magic and not _visible(engine_id):
            raise UnknownEngine(engine_id)
        return super().card(engine_id)


def _stand_in(model: EngineCard, outcome: Outcome) -> EngineCard:
    return replace(
        model,
        id=MAGIC + outcome.value.replace("_", "-"),
        name=f"Understudy {outcome.value.replace('_', ' ')}",
        description="Draws what the outcome in its name is played on",
        tasks=frozenset(Task),
        sizes=UpscaleRange(input_maximum=1_048_576, output_maximum=4_194_304),
        side=512,
        scale=2,
    )


def _visible(engine_id: str) -> bool:
    world = current.get()
    return world is None or world.engines is None or engine_id in world.engines
