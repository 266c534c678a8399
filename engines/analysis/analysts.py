"""The one place that knows every analyst: it finds the one for a task and hands the question to its family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future

from engines.analysis.types import Analysis, AnalystCard, AnalystFamily, Findings, Question
from engines.errors import EngineNotReady
from engines.types import Pixels

CARDS = (
    AnalystCard(Analysis.CLASSIFICATION, "Zero-shot classifier", "Scores a text against labels of the caller's choice"),
    AnalystCard(Analysis.SIMILARITY, "Sentence encoder", "Scores how close sentences are in meaning"),
    AnalystCard(Analysis.TEXT_SAFETY, "Text safety", "Scores a text by kinds of unsafe content"),
    AnalystCard(Analysis.PICTURE_SAFETY, "Picture safety", "Scores a picture by kinds of unsafe content"),
    AnalystCard(Analysis.BACKGROUND, "Background removal", "Tells the subject of a picture from its background"),
)


class Analysts:
    """Analysts by task: ``families`` says which family runs which task."""

    def __init__(self, families: Mapping[Analysis, AnalystFamily], cards: Iterable[AnalystCard] = CARDS) -> None:
        self._cards = {card.task: card for card in cards}
        self._families = dict(families)
        if homeless := self._cards.keys() - self._families.keys():
            raise ValueError(f"no family runs {', '.join(sorted(homeless))}")

    def score(self, question: Question) -> Future[Findings]:
        """Start to score. Raises ``EngineNotReady``; the future fails with an ``EngineFailed`` if the engine does."""
        family, card = self._ready(question)
        return family.score(card, question)

    def separate(self, question: Question) -> Future[Pixels]:
        """Start to find the subject of a picture, as ``score`` does for the other tasks."""
        family, card = self._ready(question)
        return family.separate(card, question)

    def close(self) -> None:
        """Close every family once."""
        for family in {id(family): family for family in self._families.values()}.values():
            family.close()

    def _ready(self, question: Question) -> tuple[AnalystFamily, AnalystCard]:
        family, card = self._families[question.task], self._cards[question.task]
        if not family.offers(card):
            family.missing(card)
            raise EngineNotReady(question.task.value)
        return family, card
