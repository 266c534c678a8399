"""The analyst family that runs real models: it finds the weights and asks the worker of the right device."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import cast

from engines.analysis.types import AnalystCard, Findings, Question
from engines.errors import EngineNotReady
from engines.types import Pixels
from engines.weights.setup import AnalystSetup
from engines.worker.weights import Complaints, Disk
from engines.worker.workers import Workers


class TransformersAnalysts:
    """Runs the analysts of a workshop in ``workers``, in the queues of the engines that draw there."""

    name = "transformers"

    def __init__(self, setups: Iterable[AnalystSetup], disk: Disk, workers: Workers) -> None:
        self._setups = {setup.task: setup for setup in setups}
        self._disk = disk
        self._workers = workers
        self._complaints = Complaints(disk)

    def offers(self, card: AnalystCard) -> bool:
        """Whether the weights of this analyst are configured and on the disk."""
        setup = self._setups.get(card.task)
        return setup is not None and self._disk.locate(setup.source) is not None

    def missing(self, card: AnalystCard) -> None:
        """Tell the log what brings the weights of this analyst; once in a minute is enough."""
        setup = self._setups.get(card.task)
        if setup is None:
            self._complaints.unconfigured(card.task.value)
        else:
            self._complaints.missing(setup.engine_id, setup.engine_id, setup.source)

    def score(self, card: AnalystCard, question: Question) -> Future[Findings]:
        """Put the question into the queue of its device; the future can be cancelled until it is done.

        Raises ``EngineNotReady`` where the weights are missing, and ``EngineFailed`` after ``close()``.
        """
        # What an answer is depends on the task, and the registry knows which tasks score.
        return cast("Future[Findings]", self._ask(card, question))

    def separate(self, card: AnalystCard, question: Question) -> Future[Pixels]:
        """As ``score``, for the task whose answer is a mask."""
        return cast("Future[Pixels]", self._ask(card, question))

    def close(self) -> None:
        """End the workers, which whoever shares them may have done before."""
        self._workers.close()

    def _ask(self, card: AnalystCard, question: Question) -> Future[Findings | Pixels]:
        setup = self._setups.get(card.task)
        weights = self._disk.locate(setup.source) if setup else None
        if setup is None or weights is None:
            self.missing(card)
            raise EngineNotReady(card.task.value)
        return self._workers.of(setup.device).ask(question, setup, weights)
