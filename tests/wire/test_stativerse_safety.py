"""What Stativerse's safety check says of prompts and pictures, and what the filters do besides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.running import Client
from tests.wire.stativerse_asking import DRAW, EDIT, ask, data, every_picture, pixels, refused

UNSAFE = "I will kill you and your whole family"
LABELS = {"normal", "nsfw"}


def judged(client: Client, endpoint: str, **changes: Any) -> Any:
    """The verdict on the prompt."""
    return data(ask(client, endpoint, **changes))["nsfw_input_classifier"]


def score_of(verdict: Any, label: str) -> float:
    """The score of one label."""
    return float(next(row["score"] for row in verdict["output"] if row["label"] == label))


@every_picture
@pytest.mark.parametrize("switch", [..., False])
def test_nothing_is_judged_unless_asked(client: Client, endpoint: str, switch: object) -> None:
    """Both verdicts are null."""
    found = data(ask(client, endpoint, safety_check=switch))

    assert (found["nsfw_input_classifier"], found["nsfw_output_classifier"]) == (None, None)


@every_picture
def test_the_prompt_is_scored_by_labels(client: Client, endpoint: str) -> None:
    """Labels with scores, the highest first, and both ends once more."""
    verdict = judged(client, endpoint, safety_check=True)
    scores = [row["score"] for row in verdict["output"]]

    assert list(verdict) == ["output", "highest", "lowest"]
    assert [list(row) for row in verdict["output"]] == [["label", "score"]] * len(scores)
    assert len({row["label"] for row in verdict["output"]}) == len(scores) > 2
    assert scores == sorted(scores, reverse=True)
    assert 0 <= min(scores) <= max(scores) <= 1
    assert verdict["highest"] == verdict["output"][0]
    assert verdict["lowest"] == verdict["output"][-1]


@every_picture
def test_the_prompt_decides_the_scores(client: Client, endpoint: str) -> None:
    """A threat is judged otherwise than a lighthouse, and is drawn all the same."""
    calm, threat = (judged(client, endpoint, safety_check=True, prompt=text) for text in ("a lighthouse", UNSAFE))

    assert calm["highest"]["label"] != threat["highest"]["label"]


@every_picture
@pytest.mark.parametrize("switch", [..., False, None, True])
def test_safety_input_switches_the_check_on(client: Client, endpoint: str, switch: object) -> None:
    """Whatever ``safety_check`` says."""
    found = data(ask(client, endpoint, safety_check=switch, safety_input="Is this fit for children?"))

    assert found["nsfw_input_classifier"] is not None
    assert found["nsfw_output_classifier"] in LABELS


@every_picture
def test_safety_input_stands_before_the_prompt(client: Client, endpoint: str) -> None:
    """The verdict is the one on both texts together; the picture is the one of the prompt alone."""
    with_it = data(ask(client, endpoint, safety_input=UNSAFE, prompt="a lighthouse"))
    as_prompt = judged(client, endpoint, safety_check=True, prompt=f"{UNSAFE}\na lighthouse")
    without = data(ask(client, endpoint, prompt="a lighthouse"))

    assert with_it["nsfw_input_classifier"] == as_prompt
    assert with_it["output"] == without["output"]


@every_picture
@pytest.mark.parametrize("text", [3, ["a"], "x" * 10_001])
def test_a_wrong_safety_input(client: Client, endpoint: str, text: object) -> None:
    """Only a text is one, and not an endless one."""
    assert refused(ask(client, endpoint, safety_input=text), 400, "invalid_request").startswith("safety_input ")


@every_picture
def test_the_picture_gets_a_label(client: Client, endpoint: str) -> None:
    """One of the two that the usual models know, the same each time."""
    found = [data(ask(client, endpoint, safety_check=True))["nsfw_output_classifier"] for _ in range(2)]

    assert found[0] == found[1]
    assert found[0] in LABELS


def test_an_edit_without_a_prompt_is_judged_too(client: Client) -> None:
    """The picture as it is, and a text that says nothing."""
    found = data(ask(client, EDIT, prompt=..., safety_check=True))

    assert found["nsfw_input_classifier"]["output"]
    assert found["nsfw_output_classifier"] == "normal"


@every_picture
@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_a_filtered_prompt(client: Client, endpoint: str, field: str) -> None:
    """The prompt filter of the server refuses it, in either field, and nothing is charged."""
    before = client.balance()
    answer = ask(client, endpoint, **{field: "A Snuff-Film!"})

    refused(answer, 400, "prompt_rejected", "The prompt asks for something that is not drawn here.")
    assert client.balance() == before


def test_texts_that_are_judged_are_not_filtered(client: Client) -> None:
    """The filter looks at what is drawn; classifying such a text is what classifiers are for."""
    answer = ask(client, "classification", input="A Snuff-Film!", choices=["violent", "harmless"])

    assert data(answer)["output"]
    assert data(ask(client, DRAW, safety_input="A Snuff-Film!"))["output"]


@every_picture
@pytest.mark.parametrize("switch", [False, True])
def test_a_filtered_picture(client: Client, endpoint: str, switch: bool) -> None:
    """The output filter of the server blurs it, labels it nsfw, checked or not, and gives it for free."""
    before = client.balance()
    answer = ask(client, endpoint, prompt="a nude figure in charcoal", resolution=[256, 256], safety_check=switch)
    clear = pixels(ask(client, endpoint, prompt="a figure in charcoal", resolution=[256, 256]))

    assert data(answer)["nsfw_output_classifier"] == "nsfw"
    assert (data(answer)["nsfw_input_classifier"] is not None) is switch
    assert np.abs(np.diff(pixels(answer), axis=1)).mean() < np.abs(np.diff(clear, axis=1)).mean() / 2
    assert client.balance() == pytest.approx(before - 4)
