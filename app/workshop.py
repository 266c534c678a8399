"""Which families run the engines, as the settings want it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from app.cards import cards_for, workshop_for
from app.desk import Desk
from app.settings import BadSetting, Settings
from engines.registry import Registry
from engines.sketch import SketchFamily
from engines.weights.disk import INSTALL, Disk
from engines.worker.family import TorchFamily

STATUS = "engines-status.json"
"""In the home folder: what the running server has loaded, for ``understudy engines list``."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The registry, the queue in front of it, and how many generations have not got a place at an engine yet."""

    registry: Registry
    desk: Desk
    waiting: Callable[[], int]
    warm: Callable[[], None]
    """Start early what takes long to start; returns at once."""


def open_workshop(settings: Settings, hands: Executor, places: int, kind: type[Registry] = Registry) -> Engines:
    """Every engine with its family. ``hands`` draw sketches, ``places`` at once. Raises ``BadSetting``.

    ``kind`` is the registry that is made.
    """
    if settings.engines == "diffusers":
        return _real(settings, kind)
    cards = cards_for(settings)
    family = SketchFamily(hands, caption=settings.caption)
    desk = Desk(places, settings.limits.queue)
    registry = kind({card.id: family for card in cards}, cards)
    return Engines(registry, desk, lambda: max(0, desk.inside - places), warm=_nothing)


def _real(settings: Settings, kind: type[Registry]) -> Engines:
    missing = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        raise BadSetting(f"UNDERSTUDY_ENGINES=diffusers needs {', '.join(missing)}: {INSTALL}, or use sketch")
    workshop, cards = workshop_for(settings), cards_for(settings)
    family = TorchFamily(workshop, Disk(settings.weights), settings.home / STATUS, threads=settings.threads)
    # Every device has a queue of its own, so nobody who waits for one device may keep others from another.
    queue, devices = settings.limits.queue, len({setup.device for setup in workshop.engines})
    places = settings.limits.generations
    desk = Desk(places, queue) if places else Desk(queue + devices, 0)
    registry = kind({card.id: family for card in cards}, cards)
    return Engines(registry, desk, lambda: max(0, desk.inside - family.running()), family.warm)


def _nothing() -> None:
    """Sketches need no warming."""
