"""Word lists: what they find and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.filters import WordList, read_list
from app.settings import BadSetting


@pytest.mark.parametrize(
    "text", ["nude", "A NUDE, standing", "nude-portrait", "Nu\u0301de", "(nude:1.3)", "\uff4e\uff55\uff44\uff45"]
)
def test_words_are_found_whatever_their_case_accents_or_surroundings(text: str) -> None:
    """Case, accents, wide letters and punctuation do not hide a word."""
    assert WordList(("nude",)).finds(text)


@pytest.mark.parametrize("text", ["", "denuded hills", "nudes", "n u d e"])
def test_only_whole_words_count(text: str) -> None:
    """A word inside another word is not found."""
    assert not WordList(("nude",)).finds(text)


@pytest.mark.parametrize("text", ["a snuff film", "Snuff-Film!", "snuff   film"])
def test_phrases_are_found_across_what_separates_their_words(text: str) -> None:
    """A phrase is found however its words are separated."""
    assert WordList(("snuff film",)).finds(text)


def test_parts_of_a_phrase_are_harmless() -> None:
    """The words of a phrase apart from each other are not the phrase."""
    assert not WordList(("snuff film",)).finds("a film about snuff boxes")


def test_shipped_lists_let_ordinary_prompts_through() -> None:
    """Everyday prompts are not refused."""
    words = read_list(None, "prompt.txt", "UNDERSTUDY_PROMPT_WORDS")

    assert not words.finds("a child playing chess with a robot, oil on canvas, sunset over a naked rock")
    assert words.finds("child porn")


def test_a_list_of_ones_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    """A file with one entry per line is used instead; comments and empty lines are skipped."""
    own = tmp_path / "words.txt"
    own.write_text("# ours\n\nbanana split\n", "utf-8")

    words = read_list(str(own), "prompt.txt", "UNDERSTUDY_PROMPT_WORDS")

    assert words.finds("one Banana Split please")
    assert not words.finds("csam ours")


def test_off_switches_a_list_off() -> None:
    """``off`` finds nothing."""
    assert not read_list("off", "prompt.txt", "UNDERSTUDY_PROMPT_WORDS").finds("csam")


def test_a_missing_file_stops_the_start_with_the_settings_name(tmp_path: Path) -> None:
    """The message names the variable and says what would be right."""
    with pytest.raises(BadSetting, match=r"UNDERSTUDY_PROMPT_WORDS.*or off"):
        read_list(str(tmp_path / "nowhere"), "prompt.txt", "UNDERSTUDY_PROMPT_WORDS")
