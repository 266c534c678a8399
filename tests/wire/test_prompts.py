"""Long prompts: all of their 2000 characters are taken, and 75 words are read."""

from __future__ import annotations

import pytest

from tests.running import Client
from tests.wire.asking import every_version, text_to_image

READ = "harbour morning quiet stones window " * 14 + "harbour morning quiet stones"
"""Seventy-four words."""


@every_version
@pytest.mark.parametrize("tail", ["volcano", ", volcano, 8k", "volcano " * 100])
def test_what_stands_behind_the_75th_word_has_no_effect(client: Client, version: str, tail: str) -> None:
    """The answer is the same to the byte."""
    short, long = f"{READ} forest", f"{READ} forest {tail}"

    answers = [text_to_image(client, version, text_prompts=[{"text": text}]) for text in (short, long)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


@every_version
def test_the_75th_word_counts(client: Client, version: str) -> None:
    """Another word there is another picture."""
    answers = [text_to_image(client, version, text_prompts=[{"text": f"{READ} {last}"}]) for last in ("forest", "sea")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content != answers[1].content
