"""Which families run the engines and the analysts, as the settings want it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from app.cards import DIFFUSERS, TRANSFORMERS, cards_for, workshop_for
from app.desk import Desk
from app.settings import BadSetting, Settings
from engines.analysis.analysts import Analysts
from engines.analysis.embedded import EmbeddedAnalysts
from engines.analysis.types import Analysis, AnalystFamily
from engines.memory import Memory
from engines.registry import Registry
from engines.sketch import SketchFamily
from engines.weights.disk import INSTALL, Disk
from engines.weights.setup import Workshop
from engines.worker.analysts import TransformersAnalysts
from engines.worker.family import TorchFamily
from engines.worker.process import Means
from engines.worker.workers import Workers

STATUS = "engines-status.json"
"""In the home folder: what the running server has loaded, for ``understudy engines list``."""


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


@dataclass(frozen=True, slots=True)
class _Hall:
    """Where real models run, shared by those that draw and those that read."""

    workshop: Workshop
    disk: Disk
    workers: Workers
    devices: int


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


def _readers(settings: Settings, hall: _Hall | None, hands: Executor) -> AnalystFamily:
    if hall is not None and settings.analysis == TRANSFORMERS:
        return TransformersAnalysts(hall.workshop.analysts, hall.disk, hall.workers)
    return EmbeddedAnalysts(hands)


def _hall(settings: Settings) -> _Hall | None:
    """The workers of the devices that the settings have work for; None where they want no real models."""
    drawing, reading = settings.engines == DIFFUSERS, settings.analysis == TRANSFORMERS
    if not drawing and not reading:
        return None
    missing = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        said = "UNDERSTUDY_ENGINES=diffusers" if drawing else "UNDERSTUDY_ANALYSIS=transformers"
        instead = "sketch" if drawing else "embedded"
        raise BadSetting(f"{said} needs {', '.join(missing)}: {INSTALL}, or use {instead}")
    workshop = workshop_for(settings)
    drawn = [setup.device for setup in workshop.engines if drawing]
    devices = dict.fromkeys([*drawn, *(setup.device for setup in workshop.analysts if reading)])
    workers = Workers(devices, Means(workshop.memory, settings.threads), settings.home / STATUS)
    return _Hall(workshop, Disk(settings.weights), workers, len(devices))


def _real(settings: Settings, hall: _Hall, analysts: Analysts, kind: type[Registry]) -> Engines:
    cards = cards_for(settings)
    family = TorchFamily(hall.workshop, hall.disk, hall.workers)
    # Every device has a queue of its own, so nobody who waits for one device may keep others from another.
    queue, places = settings.limits.queue, settings.limits.generations
    desk = Desk(places, queue) if places else Desk(queue + hall.devices, 0)
    registry = kind({card.id: family for card in cards}, cards)
    return Engines(registry, analysts, desk, lambda: max(0, desk.inside - family.running()), family.warm, Memory(0))


def _nothing() -> None:
    """What needs no weights needs no warming."""
