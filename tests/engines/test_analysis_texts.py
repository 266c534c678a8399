"""What the embedded analysts promise for any texts and labels, obvious or not."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.analysis.embedded import similarity
from engines.analysis.embedded.family import scored
from engines.analysis.types import Analysis, Findings, Question, Row

CHOOSING = (Analysis.CLASSIFICATION, Analysis.SIMILARITY)
LABELS = ("finance", "not spam", "", "🙂", "今日は", "How do I reset my password?", "x" * 500)


def _ask(task: Analysis, *texts: str, labels: tuple[str, ...] = ()) -> Findings:
    return scored(Question(task, texts, labels))


def _distribution(logits: Row) -> list[float]:
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("task", CHOOSING)
@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=3), labels=st.lists(st.text(max_size=30), max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_score_for_every_label(task: Analysis, texts: list[str], labels: list[str]) -> None:
    """Whatever the script, there is one finite score for each text and label, within its bounds."""
    found = _ask(task, *texts, labels=tuple(labels))
    lowest = -1 if task is Analysis.SIMILARITY else 0
    assert found.labels == tuple(labels)
    assert [len(row) for row in found.scores] == [len(row) for row in found.logits] == [len(labels)] * len(texts)
    assert all(lowest <= score <= 1 for row in found.scores for score in row)
    assert all(math.isfinite(logit) for row in found.logits for logit in row)


@pytest.mark.parametrize("task", CHOOSING)
@pytest.mark.parametrize("text", ["", " ", "a" * 10_000, "kill bank goal love " * 500, "今" * 10_000, "🙂" * 9, "?!."])
def test_odd_texts_and_odd_labels_are_scored(task: Analysis, text: str) -> None:
    """Empty, very long and wordless texts and labels are answered like all others."""
    assert len(_ask(task, text, labels=LABELS).scores[0]) == len(LABELS)


@pytest.mark.parametrize("task", CHOOSING)
def test_a_thousand_labels_keep_their_order(task: Analysis) -> None:
    """Of a thousand labels each gets its own score, and the right one the highest."""
    labels = (*(f"choice number {number}" for number in range(999)), "gardening")
    row = _ask(task, "gardening tips for roses", labels=labels).scores[0]
    assert len(row) == 1000
    assert row.index(max(row)) == 999


@pytest.mark.parametrize("task", CHOOSING)
def test_words_without_end_take_little_memory(task: Analysis) -> None:
    """Words of ten thousand letters, each a new one, are scored in a few megabytes, and none of these is kept."""
    letters = random.Random(1)
    _ask(task, "a cat", labels=LABELS)

    tracemalloc.start()
    for _ in range(20):
        _ask(task, "".join(letters.choices("bcdefghijklm", k=10_000)), labels=LABELS)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10_000_000
    assert kept < 100_000


def test_a_text_is_read_once_for_all_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty labels do not make a long sentence sixty times as much work."""
    read: list[str] = []
    vector = similarity.vector
    monkeypatch.setattr(similarity, "vector", lambda text: read.append(text) or vector(text))

    _ask(Analysis.SIMILARITY, "a cat", "a dog", labels=tuple(map(str, range(60))))

    assert len(read) == 62


@pytest.mark.parametrize("task", CHOOSING)
def test_rows_do_not_depend_on_each_other(task: Analysis) -> None:
    """A text and a label have the same score alone as among others."""
    texts, labels = ("The bank failed", "We won the match"), ("finance", "sports", "cooking")
    together = _ask(task, *texts, labels=labels).scores
    alone = [[_ask(task, text, labels=(label,)).scores[0][0] for label in labels] for text in texts]
    assert [list(row) for row in together] == alone


@pytest.mark.parametrize("task", CHOOSING)
def test_the_softmax_of_logits_keeps_the_ranking(task: Analysis) -> None:
    """The distribution puts most on a clear winner and ranks labels as the scores do."""
    labels = ("The kid was ill", "Interest rates rose", "Interest rates fell")
    found = _ask(task, "The child was sick", labels=labels)
    shares = _distribution(found.logits[0])
    assert shares[0] > 0.8
    assert sorted(range(3), key=shares.__getitem__) == sorted(range(3), key=found.scores[0].__getitem__)


def test_a_sentence_is_like_itself() -> None:
    """The same words have similarity 1, whatever their case and marks."""
    row = _ask(Analysis.SIMILARITY, "The café is open.", labels=("the CAFE is open", "Nothing of the kind")).scores[0]
    assert row[0] == pytest.approx(1)
    assert row[1] < 0.2


def test_denied_labels_are_the_rest() -> None:
    """A label and the same with "not" before it share the whole between them."""
    row = _ask(Analysis.CLASSIFICATION, "The bank failed", labels=("finance", "not finance")).scores[0]
    assert row[0] > 0.5
    assert sum(row) == pytest.approx(1)


@pytest.mark.parametrize(
    ("plain", "denied"),
    [("I like it", "I do not like it"), ("It is good", "It isn't good"), ("He was happy", "He was never happy")],
)
def test_negation_turns_the_verdict(plain: str, denied: str) -> None:
    """What is praised is positive; with a negation it is negative, and less like the praise than its own kind."""
    first, second = _ask(Analysis.CLASSIFICATION, plain, denied, labels=("positive", "negative")).scores
    assert first[0] > first[1]
    assert second[0] < second[1]


def test_misspelt_words_are_understood() -> None:
    """One slip in a longer word does not hide what it means."""
    row = _ask(Analysis.CLASSIFICATION, "I forgot my pasword", labels=("shipping", "account access")).scores[0]
    assert row[1] > row[0] + 0.3


def test_labels_without_a_known_word_are_found_by_their_own() -> None:
    """A label that no list knows describes the texts it stands in, inflected or almost so."""
    labels = ("zorblax", "quuxify")
    row = _ask(Analysis.CLASSIFICATION, "They are quuxifying all day", labels=labels).scores[0]
    assert row[1] > 0.8 > row[0]


def test_findings_do_not_depend_on_hashing() -> None:
    """Two processes that order their sets differently give the same digits."""
    program = (
        "from engines.analysis.embedded.family import scored\n"
        "from engines.analysis.types import Analysis, Question\n"
        "texts = ('The bank failed us, kill the lights', 'I do not like the naked truth')\n"
        "for task in list(Analysis)[:3]: print(scored(Question(task, texts, ('finance', 'joy', 'a good pun'))))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert "finance" in runs[0]
