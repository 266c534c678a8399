"""Content filters: which prompts are refused, and which finished pictures are delivered blurred."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from app.settings import BadSetting
from engines.types import GenerationRequest, Picture, Prompt

LISTS = Path(__file__).resolve().parent / "words"
OFF = "off"
TEXTS, LETTERS = 256, 4096
"""How many texts a list remembers its verdict on, and of which length: they are asked about again for every picture."""


class WordList:
    """Words and phrases, found whole, without regard to case, accents or what stands between words."""

    def __init__(self, entries: tuple[str, ...]) -> None:
        self._phrases = frozenset(tuple(_words(entry)) for entry in entries) - {()}
        self._lengths = sorted({len(phrase) for phrase in self._phrases})
        self._remembered = lru_cache(TEXTS)(self._finds)

    def finds(self, text: str) -> bool:
        """Whether one of the entries stands in the text."""
        return self._remembered(text) if len(text) <= LETTERS else self._finds(text)

    def _finds(self, text: str) -> bool:
        if not self._phrases:
            return False
        words = _words(text)
        return any(
            tuple(words[start : start + length]) in self._phrases
            for length in self._lengths
            for start in range(len(words) - length + 1)
        )


def read_list(setting: str | None, default: str, variable: str) -> WordList:
    """The list a setting names: a file, ``off``, or the one we ship. Raises ``BadSetting``."""
    if setting == OFF:
        return WordList(())
    path = Path(setting) if setting else LISTS / default
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadSetting(
            f"{variable}={setting!r}: use a readable UTF-8 file with one entry per line, or off"
        ) from problem
    return WordList(tuple(line for line in lines if line.strip() and not line.startswith("#")))


class PromptFilter:
    """Refuses requests by their prompts; negative prompts are read too."""

    def __init__(self, words: WordList) -> None:
        self._words = words

    def refuses(self, prompts: tuple[Prompt, ...]) -> bool:
        """Whether any of the prompts is refused."""
        return any(self._words.finds(prompt.text) for prompt in prompts)


class OutputFilter(Protocol):
    """Judges a finished picture, once for every request that gets it; runs on the event loop, so it has to be quick.

    What has to look at all the pixels is the engine's own safety checker, whose verdict is ``picture.unsafe``.
    """

    def trips(self, request: GenerationRequest, picture: Picture) -> bool:
        """Whether the picture is to be blurred, marked as filtered, and given free of charge."""
        ...


class WordOutputFilter:
    """Judges a picture by what was asked for, for engines that cannot draw what the words say."""

    def __init__(self, words: WordList) -> None:
        self._words = words

    def trips(self, request: GenerationRequest, picture: Picture) -> bool:
        """Whether a prompt that asks for more of something asks for something on the list."""
        return any(prompt.weight > 0 and self._words.finds(prompt.text) for prompt in request.prompts)


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text).casefold()
    return re.findall(r"[^\W_]+", "".join(c for c in folded if not unicodedata.combining(c)))
