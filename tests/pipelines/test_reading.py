"""What models that read find is what the stock pipelines find, and stays the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

from engines.analysis.types import Analysis, Findings, Question
from engines.loading.model import Stopped, Thrift, Watch
from engines.reading.reader import Reader
from engines.weights.setup import AnalystSetup, Located, Source
from tests.pipelines import lending
from tests.tiny.reading import LONGEST

Tiny = Callable[[str], Path]
PATIENT = Watch(stopped=lambda: False, report=lambda done, total: None)
TEXTS = ("a red fox jumps over the snow", "stocks fell again today", "?")
LABELS = ("animals", "money", "a very long label about nothing")
LONG = "the quick brown fox jumps over the lazy dog " * 20
EXACT = 1e-5


def reader(folder: Path, task: Analysis, dtype: str = "float32") -> Reader:
    """The analyst whose weights lie in this folder."""
    return lending.keeper().reader(AnalystSetup(task, Source(path=folder), dtype=dtype), Located(folder=folder))


def ask(analyst: Reader, question: Question, thrift: Thrift = Thrift.NONE) -> Any:
    """What it answers."""
    return analyst.answer(question, PATIENT, thrift)


def stock(task: str, folder: Path, **options: Any) -> Any:
    """The pipeline of transformers for a task."""
    return transformers.pipeline(task, model=str(folder), device="cpu", **options)


def photo(width: int = 90, height: int = 60, seed: int = 1) -> np.ndarray:
    """Blocks of color with soft edges."""
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC))


def largest(one: Any, other: Any) -> float:
    """The largest difference of two tables of numbers."""
    return float(np.abs(np.asarray(one) - np.asarray(other)).max())


@pytest.mark.parametrize("kind", ["zero-shot-classification", "three-labels"])
def test_each_label_is_scored_for_itself_as_by_the_stock_pipeline(tiny: Tiny, kind: str) -> None:
    """Entailment against its opposite, whichever labels the network has and in whichever order."""
    pipe = stock("zero-shot-classification", tiny(kind))
    found = ask(reader(tiny(kind), Analysis.CLASSIFICATION), Question(Analysis.CLASSIFICATION, TEXTS, LABELS))

    theirs = [pipe(text, LABELS, multi_label=True) for text in TEXTS]
    expected = [[dict(zip(one["labels"], one["scores"], strict=True))[label] for label in LABELS] for one in theirs]

    assert found.labels == LABELS
    assert largest(found.scores, expected) < EXACT


def test_the_softmax_of_the_logits_is_the_stock_pipelines_distribution(tiny: Tiny) -> None:
    """Where exactly one of the labels is right."""
    pipe = stock("zero-shot-classification", tiny("zero-shot-classification"))
    analyst = reader(tiny("zero-shot-classification"), Analysis.CLASSIFICATION)

    found = ask(analyst, Question(Analysis.CLASSIFICATION, TEXTS, LABELS))

    theirs = [pipe(text, LABELS, multi_label=False) for text in TEXTS]
    expected = [[dict(zip(one["labels"], one["scores"], strict=True))[label] for label in LABELS] for one in theirs]
    assert largest(torch.tensor(found.logits).softmax(-1), expected) < EXACT


def test_of_a_long_text_the_beginning_is_read(tiny: Tiny) -> None:
    """It is cut where the stock pipeline cuts it, and the label is read to its end."""
    pipe = stock("zero-shot-classification", tiny("zero-shot-classification"))
    analyst = reader(tiny("zero-shot-classification"), Analysis.CLASSIFICATION)

    (row,) = ask(analyst, Question(Analysis.CLASSIFICATION, (LONG,), ("fox",))).scores
    (other,) = ask(analyst, Question(Analysis.CLASSIFICATION, (LONG[:LONGEST] + "?" * 900,), ("fox",))).scores

    assert largest(row, pipe(LONG, ["fox"], multi_label=True)["scores"]) < EXACT
    assert row == other


def test_a_label_longer_than_the_network_can_read_is_cut(tiny: Tiny) -> None:
    """A caller who sends a novel as label gets a score."""
    analyst = reader(tiny("zero-shot-classification"), Analysis.CLASSIFICATION)

    found = ask(analyst, Question(Analysis.CLASSIFICATION, ("a fox",), (LONG, "fox")))

    assert 0 < found.scores[0][0] < 1


def test_similarity_is_the_cosine_of_the_mean_of_the_tokens(tiny: Tiny) -> None:
    """Written out one sentence at a time, without padding: tokens, network, mean, length, angle."""
    folder = tiny("sentence-similarity")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.BertModel.from_pretrained(folder, local_files_only=True).eval()

    def vector(sentence: str) -> np.ndarray:
        tokens = tokenizer(sentence, return_tensors="pt", truncation=True, max_length=LONGEST // 2)
        with torch.no_grad():
            whole = model(**tokens).last_hidden_state[0].numpy().mean(0)
        return whole / np.linalg.norm(whole)

    found = ask(reader(folder, Analysis.SIMILARITY), Question(Analysis.SIMILARITY, (*TEXTS, LONG), LABELS))

    expected = [[float(vector(text) @ vector(label)) for label in LABELS] for text in (*TEXTS, LONG)]
    assert largest(found.scores, expected) < EXACT
    assert largest(found.logits, 20 * np.asarray(expected)) < 100 * EXACT


def test_a_sentence_is_itself(tiny: Tiny) -> None:
    """The cosine with itself is 1, and no rounding takes it beyond."""
    analyst = reader(tiny("sentence-similarity"), Analysis.SIMILARITY)

    found = ask(analyst, Question(Analysis.SIMILARITY, TEXTS, TEXTS))

    assert all(1 - EXACT < found.scores[place][place] <= 1 for place in range(len(TEXTS)))


def test_unsafe_texts_are_judged_as_by_the_stock_pipeline(tiny: Tiny) -> None:
    """Every label of the network, each for itself, for each of the texts."""
    pipe = stock("text-classification", tiny("text-safety"), top_k=None)
    found = ask(reader(tiny("text-safety"), Analysis.TEXT_SAFETY), Question(Analysis.TEXT_SAFETY, TEXTS))

    theirs = [{one["label"]: one["score"] for one in pipe([text])[0]} for text in TEXTS]

    assert found.labels == ("toxic", "obscene", "threat")
    assert largest(found.scores, [[row[label] for label in found.labels] for row in theirs]) < EXACT


def test_labels_of_which_one_is_right_share_the_probability(tiny: Tiny) -> None:
    """A classifier of texts that says so is read by a softmax, as by the stock pipeline."""
    pipe = stock("text-classification", tiny("three-labels"), top_k=None)
    found = ask(reader(tiny("three-labels"), Analysis.TEXT_SAFETY), Question(Analysis.TEXT_SAFETY, TEXTS[:1]))

    theirs = {one["label"]: one["score"] for one in pipe([TEXTS[0]])[0]}

    assert largest(found.scores[0], [theirs[label] for label in found.labels]) < EXACT
    assert sum(found.scores[0]) == pytest.approx(1)


def test_pictures_are_judged_as_by_the_stock_pipeline(tiny: Tiny) -> None:
    """Whatever their size; resized and normalized in the same way, without torchvision."""
    pipe = stock("image-classification", tiny("picture-safety"))
    analyst = reader(tiny("picture-safety"), Analysis.PICTURE_SAFETY)

    for pixels in (photo(), photo(31, 200, seed=2)):
        found = ask(analyst, Question(Analysis.PICTURE_SAFETY, pixels=pixels))
        theirs = {one["label"]: one["score"] for one in pipe(Image.fromarray(pixels), top_k=2)}
        assert found.labels == ("normal", "nsfw")
        assert largest(found.scores, [[theirs[label] for label in found.labels]]) < EXACT


@pytest.mark.parametrize("task", list(Analysis))
def test_the_same_question_gets_the_same_answer(tiny: Tiny, task: Analysis) -> None:
    """Bit for bit, whatever was asked in between."""
    analyst = reader(tiny(task), task)
    question, other = (
        Question(task, texts, LABELS, pixels) for texts, pixels in ((TEXTS, photo()), (("no",), photo(seed=9)))
    )

    first = ask(analyst, question)
    ask(analyst, other)
    second = ask(analyst, question)

    assert np.array_equal(first, second) if task is Analysis.BACKGROUND else first == second


@pytest.mark.parametrize("thrift", [Thrift.TILED, Thrift.FRUGAL])
def test_smaller_batches_find_the_same(tiny: Tiny, thrift: Thrift) -> None:
    """Who runs out of memory gets the scores of all texts, in their order."""
    analyst = reader(tiny("zero-shot-classification"), Analysis.CLASSIFICATION)
    question = Question(Analysis.CLASSIFICATION, TEXTS * 3, LABELS)

    whole: Findings = ask(analyst, question)
    pieces: Findings = ask(analyst, question, thrift)

    assert largest(whole.scores, pieces.scores) < EXACT
    assert whole.scores[:3] != whole.scores[1:4]


def test_half_precision_finds_nearly_the_same(tiny: Tiny) -> None:
    """An owner may save memory."""
    exact, rough = (reader(tiny("text-safety"), Analysis.TEXT_SAFETY, dtype) for dtype in ("float32", "bfloat16"))
    question = Question(Analysis.TEXT_SAFETY, TEXTS)

    assert 0 < largest(ask(exact, question).scores, ask(rough, question).scores) < 0.05


def test_single_precision_unless_the_owner_says_otherwise(tiny: Tiny) -> None:
    """Scores are compared by callers, so they are not rounded on any device."""
    task = Analysis.TEXT_SAFETY
    automatic, single = (reader(tiny(task), task, dtype) for dtype in ("auto", "float32"))

    assert ask(automatic, Question(task, TEXTS)) == ask(single, Question(task, TEXTS))


def test_work_stops_between_two_batches(tiny: Tiny) -> None:
    """Whoever cancels need not wait for all of the texts, and sees how far it is."""
    analyst, steps = reader(tiny("text-safety"), Analysis.TEXT_SAFETY), list[tuple[int, int]]()
    watch = Watch(lambda: len(steps) == 2, lambda done, total: steps.append((done, total)))

    with pytest.raises(Stopped):
        analyst.answer(Question(Analysis.TEXT_SAFETY, ("a text",) * 50), watch, Thrift.NONE)

    assert steps == [(0, 50), (16, 50)]
