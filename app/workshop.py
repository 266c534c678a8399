"""Which families run the engines and the analysts, as the settings want it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cards import DIFFUSERS, TRANSFORMERS, cards_for
from app.desk import Desk
from app.settings import Settings
from engines.analysis.analysts import Analysts
from engines.analysis.embedded import EmbeddedAnalysts
from engines.analysis.types import Analysis, AnalystFamily
from engines.memory import Memory
from engines.registry import Registry
from engines.sketch import SketchFamily

if TYPE_CHECKING:
    from app.hall import Hall


@dataclass(frozen=True, slots=True)
class Engines:
    """The registry, the analysts, the queue in front of both, and how many in it have not got a place yet.

    ``memory`` is for pictures that would come out the same again; it holds nothing where engines draw anew each time.
    """

    registry: Registry
    analysts: Analysts
    desk: Desk
    waiting: Callable[[], int]
    warm: Callable[[], None]
    """Start early what takes long to start; returns at once."""
    memory: Memory


def open_workshop(settings: Settings, hands: Executor, places: int, kind: type[Registry] = Registry) -> Engines:
    """Every engine and every analyst with its family. Raises ``BadSetting``.

    ``hands`` do what needs no weights, ``places`` at once. ``kind`` is the registry that is made.
    """
    hall = _hall(settings)
    analysts = Analysts(dict.fromkeys(Analysis, _readers(settings, hall, hands)))
    if hall is not None and settings.engines == DIFFUSERS:
        return _real(settings, hall, analysts, kind)
    cards = cards_for(settings)
    memory = Memory(settings.picture_memory)
    sketches = SketchFamily(hands, caption=settings.caption, memory=memory)
    desk = Desk(places, settings.limits.queue)
    registry = kind({card.id: sketches for card in cards}, cards)
    warm = hall.workers.warm if hall else _nothing
    return Engines(registry, analysts, desk, lambda: max(0, desk.inside - places), warm, memory)


def _readers(settings: Settings, hall: Hall | None, hands: Executor) -> AnalystFamily:
    if hall is not None and settings.analysis == TRANSFORMERS:
        return hall.readers()
    return EmbeddedAnalysts(hands)


def _hall(settings: Settings) -> Hall | None:
    """Where real models run; None where the settings want none, and then their code is not loaded."""
    if settings.engines != DIFFUSERS and settings.analysis != TRANSFORMERS:
        return None
    from app.hall import open_hall  # noqa: PLC0415

    return open_hall(settings)


def _real(settings: Settings, hall: Hall, analysts: Analysts, kind: type[Registry]) -> Engines:
    cards = cards_for(settings)
    family = hall.painters()
    # Every device has a queue of its own, so nobody who waits for one device may keep others from another.
    queue, places = settings.limits.queue, settings.limits.generations
    desk = Desk(places, queue) if places else Desk(queue + hall.devices, 0)
    registry = kind({card.id: family for card in cards}, cards)
    return Engines(registry, analysts, desk, lambda: max(0, desk.inside - family.running()), family.warm, Memory(0))


def _nothing() -> None:
    """What needs no weights needs no warming."""
