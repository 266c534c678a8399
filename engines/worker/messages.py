"""What crosses the pipe between the server and a worker, as pickled frozen data."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engines.analysis.types import Findings, Question
from engines.types import EngineCard, GenerationRequest, Picture, Pixels
from engines.weights.setup import AnalystSetup, EngineSetup, Located

Pictures = tuple[Picture, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """To the worker: draw this. ``safety`` and ``guidance`` are the weights of the checker and of CLIP, if any."""

    id: int
    card: EngineCard
    request: GenerationRequest
    setup: EngineSetup
    weights: Located
    safety: Located | None = None
    guidance: Located | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """To the worker: answer this."""

    id: int
    question: Question
    setup: AnalystSetup
    weights: Located


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the worker: nobody waits for this job any more; stop it at its next step."""

    id: int


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker, once: torch is loaded. ``memory`` is the budget for weights in bytes."""

    device: str
    name: str
    memory: int


@dataclass(frozen=True, slots=True)
class Note:
    """From the worker: a line for the log. ``level`` is one of ``logging``'s numbers."""

    level: int
    event: str
    facts: tuple[tuple[str, str | int | float], ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """A loaded engine: the bytes of its weights, shared ones included."""

    engine_id: str
    memory: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """From the worker, whenever it changes: every loaded engine, and all bytes held, shared ones once."""

    engines: tuple[Holding, ...]
    memory: int


@dataclass(frozen=True, slots=True)
class Progress:
    """From the worker: a job has done ``step`` of ``steps`` over all its samples."""

    id: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """From the worker: what a job made.

    Pictures, one per sample, in the order of the request's seeds. For a question what was found out, or, where it
    asks for the subject of a picture, a mask, height x width.
    """

    id: int
    result: Pictures | Findings | Pixels


class Trouble(enum.StrEnum):
    """Why a job failed."""

    STOPPED = "stopped"
    WEIGHTS = "weights"
    MEMORY = "memory"
    DEVICE = "device"
    """The device itself is broken for this process; the worker ends after saying so."""
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: the job will not be done. ``message`` is for the log, never for a caller."""

    id: int
    trouble: Trouble
    message: str


Errand = Job | Inquiry
ToWorker = Errand | Cancel
FromWorker = Ready | Note | Holdings | Progress | Done | Failed
