"""The embedded family of analysts as the rest of the house uses it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from engines.analysis.analysts import CARDS, Analysts
from engines.analysis.embedded import EmbeddedAnalysts, background
from engines.analysis.types import Analysis, Question
from engines.errors import EngineFailed, EngineNotReady

_CARDS = {card.task: card for card in CARDS}
_PICTURE = np.full((20, 30, 3), 90, np.uint8)


@pytest.fixture
def analysts() -> Iterator[Analysts]:
    """Every task, run by the embedded family."""
    family = EmbeddedAnalysts(ThreadPoolExecutor(1))
    built = Analysts(dict.fromkeys(Analysis, family))
    yield built
    built.close()


@pytest.mark.parametrize("task", [task for task in Analysis if task is not Analysis.BACKGROUND])
def test_every_task_with_scores_is_answered(analysts: Analysts, task: Analysis) -> None:
    """Four tasks give findings without anything installed or downloaded."""
    pixels = _PICTURE if task is Analysis.PICTURE_SAFETY else None
    found = analysts.score(Question(task, ("a cat",), ("pets", "cars"), pixels)).result()
    assert len(found.scores) == len(found.logits) == 1
    assert len(found.scores[0]) == len(found.labels)


def test_a_background_is_told_from_its_subject(analysts: Analysts) -> None:
    """The fifth gives a mask of the picture's size."""
    assert analysts.separate(Question(Analysis.BACKGROUND, pixels=_PICTURE)).result().shape == (20, 30)


def test_without_the_library_only_backgrounds_are_not_offered(
    analysts: Analysts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Callers are told that there is no such engine, the owner how to install it, and all else works."""
    monkeypatch.setattr(background, "LIBRARY", "no_such_library")
    with caplog.at_level(logging.WARNING), pytest.raises(EngineNotReady):
        analysts.separate(Question(Analysis.BACKGROUND, pixels=_PICTURE))
    assert "pip install '.[vision]'" in caplog.text
    assert analysts.score(Question(Analysis.SIMILARITY, ("a",), ("b",))).result().labels == ("b",)


def test_what_is_offered_is_not_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    """An analyst that could run gives the owner nothing to mend."""
    family = EmbeddedAnalysts(ThreadPoolExecutor(1))
    with caplog.at_level(logging.DEBUG):
        family.missing(_CARDS[Analysis.SIMILARITY])
    family.close()
    assert not caplog.records


def test_other_processes_may_do_the_work() -> None:
    """Questions and answers pass between processes, with the same result as in a thread."""
    question = Question(Analysis.CLASSIFICATION, ("The bank failed",), ("finance", "sports"))
    pools = (ThreadPoolExecutor(1), ProcessPoolExecutor(1, get_context("spawn")))
    answers = []
    for pool in pools:
        with pool:
            answers.append(EmbeddedAnalysts(pool).score(_CARDS[question.task], question).result())
    assert answers[0] == answers[1]


def test_a_closed_family_says_so() -> None:
    """After closing, questions fail by name."""
    family = EmbeddedAnalysts(ThreadPoolExecutor(1))
    family.close()
    with pytest.raises(EngineFailed):
        family.score(_CARDS[Analysis.SIMILARITY], Question(Analysis.SIMILARITY, ("a",), ("b",)))
