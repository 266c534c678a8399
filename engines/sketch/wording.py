"""What a prompt says, as far as a sketch can understand it: known words and how much they weigh."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from engines.types import Prompt

Wanted = Mapping[str, float]
Named = TypeVar("Named")

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST = 4_000


def wanted(prompts: Sequence[Prompt]) -> Wanted:
    """Every word of the prompts with its weights added up; below zero where it is not wanted."""
    weights: dict[str, float] = {}
    for prompt in prompts:
        for word in dict.fromkeys(_words(prompt.text)):
            weights[word] = weights.get(word, 0.0) + float(prompt.weight)
    return weights


def named(words: Wanted, known: Mapping[str, Named]) -> list[tuple[Named, float]]:
    """What the words name, in their own order, with the weight of each name."""
    found: dict[Named, float] = {}
    for word, weight in words.items():
        if word in known:
            found[known[word]] = found.get(known[word], 0.0) + weight
    return list(found.items())


def index(groups: Mapping[Named, str]) -> dict[str, Named]:
    """Words to names, from names to space-separated words."""
    return {word: name for name, listed in groups.items() for word in listed.split()}


def _words(text: str) -> Iterable[str]:
    """Words in lower case, and for every plural its singular as well."""
    for word in _WORD.findall(text[:_LONGEST].lower()):
        yield word
        if len(word) > 3 and word.endswith("s"):
            yield word[:-1]
