"""The engine family that runs real models: it finds the weights and hands work to the worker of the right device."""

from __future__ import annotations

from concurrent.futures import Future

from engines.errors import EngineFailed, EngineNotReady
from engines.types import EngineCard, GenerationRequest
from engines.weights.setup import Located, Source, Workshop
from engines.worker.messages import Pictures
from engines.worker.status import DeviceState
from engines.worker.weights import Complaints, Disk
from engines.worker.workers import Workers


class TorchFamily:
    """Runs the engines of a workshop in ``workers``, which has one for every device that a setup names."""

    name = "diffusers"

    def __init__(self, workshop: Workshop, disk: Disk, workers: Workers) -> None:
        self._setups = {setup.engine_id: setup for setup in workshop.engines}
        self._safety = workshop.safety
        self._guidance = workshop.guidance
        self._disk = disk
        self._workers = workers
        self._complaints = Complaints(disk)

    def offers(self, card: EngineCard) -> bool:
        """Whether the weights of this engine are on the disk."""
        setup = self._setups.get(card.id)
        return setup is not None and self._disk.locate(setup.source) is not None

    def recall(self, card: EngineCard, request: GenerationRequest) -> Pictures | None:
        """Nothing: what a model draws also depends on the device and on what else is installed."""
        return None

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
        return self._workers.of(setup.device).submit(card, request, setup, weights, safety, guidance)

    def missing(self, card: EngineCard) -> None:
        """Tell the log what brings the weights of this engine; once in a minute is enough."""
        setup = self._setups.get(card.id)
        if setup is not None:
            self._complaints.missing(card.id, card.id, setup.source)

    def warm(self) -> None:
        """Start every worker now."""
        self._workers.warm()

    def states(self) -> tuple[DeviceState, ...]:
        """Every device and what its worker holds."""
        return self._workers.states()

    def waiting(self) -> int:
        """How many jobs have not begun."""
        return sum(state.waiting for state in self.states())

    def running(self) -> int:
        """How many jobs are being done."""
        return sum(state.running is not None for state in self.states())

    def close(self) -> None:
        """End the workers, which whoever shares them may have done before."""
        self._workers.close()

    def _side(self, name: str, source: Source | None, card: EngineCard) -> Located | None:
        """Where a model lies that works beside the engine's own; None where the owner wants none."""
        if source is None:
            return None
        located = self._disk.locate(source)
        if located is None:
            self._complaints.missing(name, card.id, source)
            raise EngineFailed(f"the weights of {name} are missing")
        return located


def _wants_guidance(card: EngineCard, request: GenerationRequest) -> bool:
    return card.guided and card.prompted and request.guidance not in {None, "NONE"}
