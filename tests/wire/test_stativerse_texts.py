"""Stativerse's classifications and comparisons: every parameter, and every field of their answers."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from tests.running import Client
from tests.wire.stativerse_asking import CLASSIFY, COMPARE, IDENTITY, ask, data, every_text, refused

KEYS = ["id", "output", "highest", "lowest", "generation_time"]
MATCH = "The referee gave a penalty in the last minute of the football match"
RECIPE = "Stir the soup over low heat until it thickens, then add salt"
TOPICS = ["politics", "sports", "cooking"]
QUERY = "How do I reset my password?"
PARCEL = "When will my parcel be delivered?"
ANSWERS = ["Where is my parcel?", "I forgot my password", "The weather is fine"]
OBVIOUS = {CLASSIFY: (MATCH, TOPICS, "sports"), COMPARE: (QUERY, ANSWERS, "I forgot my password")}


def labels(rows: Any) -> list[str]:
    """The labels of a ranking, in its order."""
    return [row["label"] for row in rows]


@every_text
def test_the_envelope_of_a_text(client: Client, endpoint: str) -> None:
    """``data`` has exactly the documented fields, and each entry a label and a score."""
    found = data(ask(client, endpoint))

    assert list(found) == KEYS
    assert [list(row) for row in found["output"]] == [["label", "score"]] * 2


@every_text
def test_every_question_has_an_id_of_its_own(client: Client, endpoint: str) -> None:
    """Two equal requests have different ids."""
    ids = [data(ask(client, endpoint))["id"] for _ in range(2)]

    assert all(map(IDENTITY.fullmatch, ids))
    assert ids[0] != ids[1]


@every_text
def test_execution_time_is_in_seconds(client: Client, endpoint: str) -> None:
    """It is a number of seconds, no more than the client waited."""
    began = time.monotonic()
    seconds = data(ask(client, endpoint))["generation_time"]

    assert isinstance(seconds, float)
    assert 0 <= seconds <= time.monotonic() - began + 0.001


@every_text
def test_the_obvious_choice_wins(client: Client, endpoint: str) -> None:
    """Every choice is scored, the best first, and both ends are named once more."""
    text, choices, winner = OBVIOUS[endpoint]
    found = data(ask(client, endpoint, input=text, choices=choices))
    scores = [row["score"] for row in found["output"]]

    assert sorted(labels(found["output"])) == sorted(choices)
    assert scores == sorted(scores, reverse=True)
    assert found["highest"] == found["output"][0]
    assert found["lowest"] == found["output"][-1]
    assert found["highest"]["label"] == winner


@every_text
def test_equal_questions_have_equal_answers(client: Client, endpoint: str) -> None:
    """To the last digit."""
    text, choices, _ = OBVIOUS[endpoint]
    first, second = (data(ask(client, endpoint, input=text, choices=choices))["output"] for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("endpoint", "texts", "choices", "winners"),
    [
        (CLASSIFY, [MATCH, RECIPE], TOPICS, ["sports", "cooking"]),
        (COMPARE, [QUERY, PARCEL], ANSWERS, ["I forgot my password", "Where is my parcel?"]),
    ],
)
@pytest.mark.parametrize("normalize", [True, False])
def test_a_batch_is_answered_in_order(
    client: Client, endpoint: str, texts: list[str], choices: list[str], winners: list[str], normalize: bool
) -> None:
    """Arrays of what each input gets by itself: of rankings, of highest and of lowest entries."""
    batch = data(ask(client, endpoint, input=texts, choices=choices, normalize=normalize))
    alone = [data(ask(client, endpoint, input=text, choices=choices, normalize=normalize)) for text in texts]

    for key in ("output", "highest", "lowest"):
        assert batch[key] == [one[key] for one in alone]
    assert labels(batch["highest"]) == winners


@every_text
def test_a_batch_of_one_is_a_batch(client: Client, endpoint: str) -> None:
    """An array is answered with arrays, however short it is."""
    found = data(ask(client, endpoint, input=["a goal"]))

    assert [len(found[key]) for key in ("output", "highest", "lowest")] == [1, 1, 1]
    assert len(found["output"][0]) == 2


@every_text
def test_scores_are_normalized_unless_told(client: Client, endpoint: str) -> None:
    """They add up to 1, as they do with ``normalize`` true or null."""
    text, choices, _ = OBVIOUS[endpoint]
    found = [
        data(ask(client, endpoint, input=text, choices=choices, normalize=value))["output"]
        for value in (..., True, None)
    ]

    assert found[0] == found[1] == found[2]
    assert math.fsum(row["score"] for row in found[0]) == pytest.approx(1)


@every_text
def test_scores_that_are_not_normalized_stand_alone(client: Client, endpoint: str) -> None:
    """Another choice beside it does not change the score of a choice, and it is in its own bounds."""
    text, choices, _ = OBVIOUS[endpoint]
    alone = data(ask(client, endpoint, input=text, choices=choices[1:2], normalize=False))["output"]
    beside = data(ask(client, endpoint, input=text, choices=choices, normalize=False))["output"]

    assert alone[0] in beside
    assert (0 if endpoint == CLASSIFY else -1) <= min(row["score"] for row in beside)
    assert max(row["score"] for row in beside) <= 1


@every_text
def test_one_choice_alone_takes_everything(client: Client, endpoint: str) -> None:
    """A distribution over one choice is 1, and it is the highest and the lowest."""
    found = data(ask(client, endpoint, choices=["anything"]))

    assert found["output"] == [found["highest"]] == [found["lowest"]] == [{"label": "anything", "score": 1.0}]


@every_text
def test_choices_may_come_twice(client: Client, endpoint: str) -> None:
    """Each of them gets its share, and the order of equal ones is that of the question."""
    found = data(ask(client, endpoint, choices=["same", "same"]))["output"]

    assert found == [{"label": "same", "score": pytest.approx(0.5)}] * 2


@every_text
def test_texts_of_any_language(client: Client, endpoint: str) -> None:
    """Whatever Unicode has may stand in inputs and choices, and comes back as it was."""
    choices = ["日本語 🦊", "naïve café", "\u202eright to left", "a\x00b"]

    assert sorted(labels(data(ask(client, endpoint, input="Füchse 🦊 \n\t", choices=choices))["output"])) == sorted(
        choices
    )


@every_text
@pytest.mark.parametrize("batch", [False, True])
def test_half_a_character_in_a_text(client: Client, endpoint: str, batch: bool) -> None:
    """Halves of surrogate pairs, which JSON can write and no answer can hold, are read as question marks."""
    text = "a \ud800"
    found = data(ask(client, endpoint, input=[text] if batch else text, choices=["b \udfff"]))
    row = found["output"][0] if batch else found["output"]

    assert row == [{"label": "b ?", "score": 1.0}]


@every_text
def test_texts_full_of_commas(client: Client, endpoint: str) -> None:
    """Signs in a text are no values: tables and code in it are no reason to refuse the request."""
    text = r'{"a": [1, 2, "\"", "\\"]},' * 300

    assert len(data(ask(client, endpoint, input=[text] * 16, choices=["sports"]))["output"]) == 16


@every_text
def test_the_longest_question(client: Client, endpoint: str) -> None:
    """32 inputs and 64 choices, and texts of ten thousand characters, are taken."""
    many = data(ask(client, endpoint, input=["a goal"] * 32, choices=[f"choice {i}" for i in range(64)]))
    long = ask(client, endpoint, input="goal " * 2000, choices=["x" * 1000])

    assert [len(row) for row in many["output"]] == [64] * 32
    assert data(long)["highest"]["score"] == 1


@every_text
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (..., "input is required."),
        (None, "input must be a string or an array."),
        (3, "input must be a string or an array."),
        ({"0": "a"}, "input must be a string or an array."),
        ("", "input cannot be empty."),
        ("x" * 10_001, "input cannot be longer than 10000 characters."),
        ([], "input must have at least 1 item."),
        (["a"] * 33, "input cannot have more than 32 items."),
        (["a", ""], "input[1] cannot be empty."),
        (["a", 3], "input[1] must be a string."),
        (["x" * 10_001], "input[0] cannot be longer than 10000 characters."),
    ],
)
def test_a_wrong_input(client: Client, endpoint: str, text: object, message: str) -> None:
    """It is refused with what would be right, and the place in a batch."""
    refused(ask(client, endpoint, input=text), 400, "invalid_request", message)


@every_text
@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (..., "choices is required."),
        (None, "choices must be an array."),
        ("sports", "choices must be an array."),
        ([], "choices must have at least 1 item."),
        (["a"] * 65, "choices cannot have more than 64 items."),
        (["a", ""], "choices[1] cannot be empty."),
        (["a", None], "choices[1] must be a string."),
        (["x" * 1001], "choices[0] cannot be longer than 1000 characters."),
    ],
)
def test_wrong_choices(client: Client, endpoint: str, choices: object, message: str) -> None:
    """They are refused with what would be right."""
    refused(ask(client, endpoint, choices=choices), 400, "invalid_request", message)


@every_text
@pytest.mark.parametrize("value", [1, "false", []])
def test_a_wrong_normalize(client: Client, endpoint: str, value: object) -> None:
    """It is true or false."""
    refused(ask(client, endpoint, normalize=value), 400, "invalid_request", "normalize must be a boolean.")
