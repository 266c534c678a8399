"""Where real models run. Only imported where the settings want some."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from app.cards import DIFFUSERS, TRANSFORMERS, workshop_for
from app.settings import BadSetting, Settings
from engines.weights.disk import INSTALL, Disk
from engines.weights.setup import Workshop
from engines.worker.analysts import TransformersAnalysts
from engines.worker.family import TorchFamily
from engines.worker.process import Means
from engines.worker.workers import Workers

STATUS = "engines-status.json"
"""In the home folder: what the running server has loaded, for ``understudy engines list``."""


@dataclass(frozen=True, slots=True)
class Hall:
    """The workers of the devices, shared by models that draw and those that read."""

    workshop: Workshop
    disk: Disk
    workers: Workers
    devices: int

    def painters(self) -> TorchFamily:
        """The family of those that draw."""
        return TorchFamily(self.workshop, self.disk, self.workers)

    def readers(self) -> TransformersAnalysts:
        """The family of those that read."""
        return TransformersAnalysts(self.workshop.analysts, self.disk, self.workers)


def open_hall(settings: Settings) -> Hall:
    """The workers of the devices that the settings have work for. Raises ``BadSetting``."""
    drawing, reading = settings.engines == DIFFUSERS, settings.analysis == TRANSFORMERS
    missing = [name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        said = "UNDERSTUDY_ENGINES=diffusers" if drawing else "UNDERSTUDY_ANALYSIS=transformers"
        instead = "sketch" if drawing else "embedded"
        raise BadSetting(f"{said} needs {', '.join(missing)}: {INSTALL}, or use {instead}")
    workshop = workshop_for(settings)
    drawn = [setup.device for setup in workshop.engines if drawing]
    devices = dict.fromkeys([*drawn, *(setup.device for setup in workshop.analysts if reading)])
    workers = Workers(devices, Means(workshop.memory, settings.threads), settings.home / STATUS)
    return Hall(workshop, Disk(settings.weights), workers, len(devices))
