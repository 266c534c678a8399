"""The neutral words for engines that read texts and pictures.

Nothing here may name a service, a route or a wire format.
"""

from __future__ import annotations

import enum
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from engines.types import Pixels


class Analysis(enum.StrEnum):
    """What can be asked of a text or a picture, by the names that model hubs use."""

    CLASSIFICATION = "zero-shot-classification"
    """How well each of the caller's labels describes a text."""
    SIMILARITY = "sentence-similarity"
    """How close the meaning of each of the caller's sentences is to a text."""
    TEXT_SAFETY = "text-safety"
    """How likely a text is unsafe in each of the engine's own ways."""
    PICTURE_SAFETY = "picture-safety"
    """How likely a picture is unsafe in each of the engine's own ways."""
    BACKGROUND = "background-removal"
    """Which pixels belong to the subject of a picture."""


@dataclass(frozen=True, slots=True)
class AnalystCard:
    """An engine that reads, described before it is loaded. There is one for every ``Analysis``."""

    task: Analysis
    name: str
    description: str


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What an analyst is asked.

    ``texts`` for the three tasks on texts, ``pixels`` (height x width x 3) for the two on pictures.
    ``labels`` are the caller's choices for classification and similarity, and empty for all others.
    """

    task: Analysis
    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    pixels: Pixels | None = None


Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """A score for each label, for each text in the question's order; a picture has one row.

    ``labels`` are those of the question, or the engine's own where that has none. ``scores`` stand each for
    itself: probabilities from 0 to 1, or cosine similarities from -1 to 1. The softmax of a row of ``logits``
    is the distribution over the labels that the engine means.
    """

    labels: tuple[str, ...]
    scores: tuple[Row, ...]
    logits: tuple[Row, ...]


class AnalystFamily(Protocol):
    """One technique that can run some analysts."""

    name: str

    def offers(self, card: AnalystCard) -> bool:
        """Whether this analyst could run now: its weights or its library are at hand."""
        ...

    def missing(self, card: AnalystCard) -> None:
        """Tell the owner, in the log, what would mend that somebody asked for an analyst that is not offered."""
        ...

    def score(self, card: AnalystCard, question: Question) -> Future[Findings]:
        """Start to score texts or a picture; for all tasks but ``BACKGROUND``."""
        ...

    def separate(self, card: AnalystCard, question: Question) -> Future[Pixels]:
        """Start to find the subject: height x width, 255 where a pixel belongs to it, 0 where it does not."""
        ...

    def close(self) -> None:
        """Stop all work and free what is held."""
        ...
