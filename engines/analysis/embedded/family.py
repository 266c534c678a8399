"""The embedded family of analysts: it lends questions to a pool and needs no weights.

What answers a question is imported with the first one: word lists and numpy would make every start wait.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TypeVar

from engines.analysis.types import Analysis, AnalystCard, Findings, Question
from engines.errors import EngineFailed
from engines.types import Pixels

INSTALL = "pip install '.[vision]' in the checkout"

_LOG = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class EmbeddedAnalysts:
    """Reads for every card by word lists and rules, with nothing learned from data.

    All is offered but ``BACKGROUND``, which needs the library of the extra "vision". The same question has the same
    answer in every run. Between machines the last digit of a score may differ with their mathematics library, and a
    mask at its edge with the kind of processor that OpenCV runs on.
    The family takes over ``pool`` and shuts it down when it is closed.
    """

    name = "embedded"

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    def offers(self, card: AnalystCard) -> bool:
        """Whether this analyst could run now: only background removal needs something installed."""
        if card.task is not Analysis.BACKGROUND:
            return True
        from engines.analysis.embedded import background  # noqa: PLC0415

        return importlib.util.find_spec(background.LIBRARY) is not None

    def missing(self, card: AnalystCard) -> None:
        """Name the command that installs the library."""
        if not self.offers(card):
            _LOG.warning("%s was asked for, and OpenCV is not installed: %s", card.task, INSTALL)

    def score(self, card: AnalystCard, question: Question) -> Future[Findings]:
        """Start to score texts or a picture; for all tasks but ``BACKGROUND``."""
        return self._start(scored, question)

    def separate(self, card: AnalystCard, question: Question) -> Future[Pixels]:
        """Start to find the subject, as ``background.subject`` does."""
        return self._start(separated, question)

    def close(self) -> None:
        """Drop what has not started and let what has started finish by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, work: Callable[[Question], _Answer], question: Question) -> Future[_Answer]:
        try:
            return self._pool.submit(work, question)
        except RuntimeError as exc:
            raise EngineFailed("the engine is closed") from exc


def scored(question: Question) -> Findings:
    """Findings, now, in this thread; a module-level function so that process pools can run it too."""
    from engines.analysis.embedded import classification, picture_safety, similarity, text_safety  # noqa: PLC0415

    match question.task:
        case Analysis.CLASSIFICATION:
            scores = classification.classify(question.texts, question.labels)
            logits = tuple(tuple(map(classification.logit, row)) for row in scores)
            return Findings(question.labels, scores, logits)
        case Analysis.SIMILARITY:
            scores = similarity.compare(question.texts, question.labels)
            logits = tuple(tuple(similarity.SHARPNESS * score for score in row) for row in scores)
            return Findings(question.labels, scores, logits)
        case Analysis.TEXT_SAFETY:
            return text_safety.judge(question.texts)
        case Analysis.PICTURE_SAFETY:
            return picture_safety.judge(_picture(question))
        case Analysis.BACKGROUND:
            raise ValueError("a background has no scores")


def separated(question: Question) -> Pixels:
    """The subject of a picture, now, in this thread."""
    from engines.analysis.embedded import background  # noqa: PLC0415

    return background.subject(_picture(question))


def _picture(question: Question) -> Pixels:
    if question.pixels is None:
        raise ValueError(f"{question.task} without a picture")
    return question.pixels
