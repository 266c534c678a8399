"""The engine family that runs real models: it finds the weights and hands work to the worker of the right device."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from engines.errors import EngineFailed, EngineNotReady
from engines.types import EngineCard, GenerationRequest
from engines.weights.setup import Located, Source, Workshop
from engines.worker import journal
from engines.worker.process import CHILD, Means
from engines.worker.starts import Patience
from engines.worker.status import DeviceState, StatusFile
from engines.worker.supervisor import Supervisor
from engines.worker.tickets import Pictures

_QUIET = 60.0


class Disk(Protocol):
    """Where weights lie."""

    def locate(self, source: Source) -> Located | None:
        """The weights as files, or None where they, or some of them, are not on the disk."""
        ...

    def problem(self, source: Source) -> str | None:
        """A sentence that says what is missing, None when nothing is."""
        ...


class TorchFamily:
    """Runs the engines of a workshop; ``status`` names the file that says what is loaded.

    There is one worker for every device that a setup names. It starts with the first job for its device, and
    calculates in ``threads`` threads where that is the processor (0: as many as torch chooses).
    """

    name = "diffusers"

    def __init__(
        self,
        workshop: Workshop,
        disk: Disk,
        status: Path | None = None,
        *,
        threads: int = 0,
        child: str = CHILD,
        patience: Patience | None = None,
    ) -> None:
        self._setups = {setup.engine_id: setup for setup in workshop.engines}
        self._safety = workshop.safety
        self._guidance = workshop.guidance
        self._disk = disk
        means = Means(workshop.memory, threads)
        self._supervisors = {
            device: Supervisor(device, means, child=child, patience=patience, changed=self._changed)
            for device in dict.fromkeys(setup.device for setup in workshop.engines)
        }
        self._complaints: dict[str, float] = {}
        self._status = StatusFile(status, self.states) if status else None

    def offers(self, card: EngineCard) -> bool:
        """Whether the weights of this engine are on the disk."""
        setup = self._setups.get(card.id)
        return setup is not None and self._disk.locate(setup.source) is not None

    def submit(self, card: EngineCard, request: GenerationRequest) -> Future[Pictures]:
        """Put the request into the queue of its device; the future can be cancelled until it is done.

        Raises ``EngineNotReady`` where the engine's weights are missing, and ``EngineFailed`` where only those
        of the safety checker or of the guidance are, or after ``close()``.
        """
        setup = self._setups.get(card.id)
        weights = self._disk.locate(setup.source) if setup else None
        if setup is None or weights is None:
            self.missing(card)
            raise EngineNotReady(card.id)
        safety = self._side("safety", self._safety, card)
        guidance = self._side("guidance", self._guidance, card) if _wants_guidance(card, request) else None
        return self._supervisors[setup.device].submit(card, request, setup, weights, safety, guidance)

    def missing(self, card: EngineCard) -> None:
        """Tell the log what brings the weights of this engine; once in a minute is enough."""
        setup = self._setups.get(card.id)
        if setup is not None:
            self._complain(card.id, card.id, setup.source)

    def warm(self) -> None:
        """Start every worker now."""
        for supervisor in self._supervisors.values():
            supervisor.warm()

    def states(self) -> tuple[DeviceState, ...]:
        """Every device and what its worker holds."""
        return tuple(supervisor.state() for supervisor in self._supervisors.values())

    def waiting(self) -> int:
        """How many jobs have not begun."""
        return sum(state.waiting for state in self.states())

    def running(self) -> int:
        """How many jobs are being done."""
        return sum(state.running is not None for state in self.states())

    def close(self) -> None:
        """Cancel every job and end the workers, all at the same time."""
        closing = [threading.Thread(target=supervisor.close) for supervisor in self._supervisors.values()]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        if self._status is not None:
            self._status.close()

    def _changed(self) -> None:
        if self._status is not None:
            self._status.changed()

    def _side(self, name: str, source: Source | None, card: EngineCard) -> Located | None:
        """Where a model lies that works beside the engine's own; None where the owner wants none."""
        if source is None:
            return None
        located = self._disk.locate(source)
        if located is None:
            self._complain(name, card.id, source)
            raise EngineFailed(f"the weights of {name} are missing")
        return located

    def _complain(self, name: str, engine_id: str, source: Source) -> None:
        """Name missing weights in the log, once a minute."""
        now = time.monotonic()
        if now - self._complaints.get(name, -_QUIET) >= _QUIET:
            self._complaints[name] = now
            journal.missing(name, engine_id, source, self._disk.problem(source))


def _wants_guidance(card: EngineCard, request: GenerationRequest) -> bool:
    return card.guided and card.prompted and request.guidance not in {None, "NONE"}
