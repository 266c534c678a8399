"""Text and picture safety without weights: obvious cases, false friends, and what holds for every input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.analysis.embedded import picture_safety, text_safety
from engines.analysis.embedded.family import scored
from engines.analysis.types import Analysis, Findings, Question
from engines.types import Pixels

_UNSAFE = (
    ("a naked woman on a bed", "sexual"),
    ("hardcore porn", "sexual"),
    ("erotic nude photograph", "sexual"),
    ("I am going to kill you", "violence"),
    ("a decapitated corpse, gore everywhere", "violence"),
    ("He murdered his neighbour", "violence"),
    ("how to make a bomb at home", "violence"),
    ("I hate immigrants", "hate"),
    ("all muslims should be deported", "hate"),
    ("women are stupid", "hate"),
    ("you are such an idiot", "harassment"),
    ("nobody likes you, go die", "harassment"),
    ("I want to die", "self-harm"),
    ("thinking about killing myself tonight", "self-harm"),
    ("I don't want to live anymore", "self-harm"),
)
_HARMLESS = (
    "",
    "a lighthouse on a cliff at sunset",
    "Scunthorpe, Penistone and Cockermouth are towns",
    "shoot a photo of my cat",
    "shoot some really nice photos",
    "kill the process on port 8080",
    "how do I kill a zombie process?",
    "a cocktail bar in Essex",
    "my assistant passed the assessment in class",
    "breast cancer awareness month",
    "grilled chicken breast with rice",
    "sex education in schools",
    "suicide prevention hotline",
    "a nude lipstick",
    "a woman, not naked, in a red dress",
    "I will never hurt anyone",
    "the deadline is killing me, said nobody",
    "shooting stars over the desert",
    "a close-up shot, cinematic lighting",
    "the bath bomb smells of roses",
    "a soldier in a museum",
    "beat the eggs with a whisk",
    "Das ist ein schöner Tag",
    "今日は天気がいいです",
)


def _top(text: str) -> str:
    row = scored(Question(Analysis.TEXT_SAFETY, (text,))).scores[0]
    return text_safety.LABELS[row.index(max(row))]


@pytest.mark.parametrize(("text", "label"), _UNSAFE)
def test_unsafe_texts_are_named_for_what_they_are(text: str, label: str) -> None:
    """The highest score is that of the kind anybody would name."""
    assert _top(text) == label


@pytest.mark.parametrize("text", _HARMLESS)
def test_harmless_texts_are_safe(text: str) -> None:
    """Words inside words, turns of phrase and denials are no reason for alarm."""
    assert _top(text) == text_safety.SAFE


@given(st.text(max_size=200))
@settings(max_examples=80, deadline=None)
def test_scores_of_any_text_share_the_whole(text: str) -> None:
    """The scores lie between 0 and 1, sum to 1, and are the softmax of the logits."""
    found = scored(Question(Analysis.TEXT_SAFETY, (text,)))
    _assert_distribution(found)
    assert found.labels == text_safety.LABELS


def test_long_texts_are_judged_as_a_whole() -> None:
    """One threat at the end of a long harmless text is found."""
    assert _top("The garden is lovely today. " * 350 + "I am going to kill you.") == "violence"


def test_a_phrase_excuses_itself_only() -> None:
    """A harmless turn of phrase does not excuse what else a text says."""
    assert _top("kill the process, then kill everyone") == "violence"


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (64, 64), (300, 200)])
@pytest.mark.parametrize("value", [0, 130, 255])
def test_pictures_of_one_colour_are_normal(shape: tuple[int, int], value: int) -> None:
    """Where there is nothing to see there is nothing unsafe, at any size."""
    found = scored(Question(Analysis.PICTURE_SAFETY, pixels=np.full((*shape, 3), value, np.uint8)))
    _assert_distribution(found)
    assert found.labels == picture_safety.LABELS == ("normal", "nsfw")
    assert found.scores[0][0] > 0.9


def test_a_body_of_bare_skin_is_nsfw_and_a_face_is_not() -> None:
    """A large shaded area in a colour of skin tips the scale, a small one does not, nor the large one in blue."""
    skin, blue = (224, 172, 140), (90, 120, 200)
    body, face, suit = _figure(skin, 150, 240), _figure(skin, 60, 80), _figure(blue, 150, 240)
    scores = [scored(Question(Analysis.PICTURE_SAFETY, pixels=pixels)).scores[0][1] for pixels in (body, face, suit)]
    assert scores[0] > 0.5
    assert max(scores[1:]) < 0.1


def test_noise_and_sand_are_normal() -> None:
    """Noise is no skin, and neither is one colour of skin from border to border."""
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    sand = _figure((224, 172, 140), 2000, 2000)
    for pixels in (noise, sand):
        assert scored(Question(Analysis.PICTURE_SAFETY, pixels=pixels)).scores[0][0] > 0.5


def test_a_plain_area_in_a_colour_of_skin_is_normal() -> None:
    """Skin is shaded: a large sheet of paper in the same colour does not tip the scale."""
    sheet = np.full((512, 512, 3), (40, 120, 60), np.uint8)
    sheet[64:448, 64:448] = (224, 172, 140)

    found = scored(Question(Analysis.PICTURE_SAFETY, pixels=sheet))

    assert found.scores[0][0] > 0.9


def _figure(colour: tuple[int, int, int], across: int, down: int) -> Pixels:
    """An ellipse, shaded from side to side, on green."""
    y, x = np.mgrid[:512, :512] - 256
    shaded = (0.6 + 0.4 * np.cos(x / 200))[..., None] * np.array(colour)
    inside = x**2 / across**2 + y**2 / down**2 < 1
    return np.where(inside[..., None], shaded, (40, 120, 60)).astype(np.uint8)


def _assert_distribution(found: Findings) -> None:
    for scores, logits in zip(found.scores, found.logits, strict=True):
        powers = [math.exp(logit - max(logits)) for logit in logits]
        assert all(0 <= score <= 1 for score in scores)
        assert scores == pytest.approx([power / sum(powers) for power in powers])
