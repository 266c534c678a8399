"""Text safety by a word list: how much of a text's wording belongs to each kind of unsafe content.

It knows words, not intentions: a novel and a threat that use the same words get the same scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path

from engines.analysis.embedded.words import Token, read
from engines.analysis.types import Findings, Row

SAFE = "safe"
LABELS = (SAFE, "sexual", "violence", "hate", "harassment", "self-harm")
"""The labels of every finding, in this order; the kinds are those that published moderation classifiers tell apart."""

_LIST = Path(__file__).resolve().parent / "safety.txt"
_HARMLESS = "harmless"
_GAP = "*"
_WIDEST = 2
_FAINT = 0.5
_DENIED = 0.25
_BASE = 0.004
_SUREST = 0.995

Pattern = tuple[str, ...]
"""Stems in a row; ``*`` stands for up to two words of any kind."""


@dataclass(frozen=True, slots=True)
class _Entry:
    pattern: Pattern
    label: str
    weight: float


@dataclass(slots=True)
class _Lexicon:
    """Entries by the first stem of their pattern, longest first."""

    harmless: dict[str, list[_Entry]] = field(default_factory=dict)
    unsafe: dict[str, list[_Entry]] = field(default_factory=dict)

    def add(self, entry: _Entry) -> None:
        shelf = self.harmless if entry.label == _HARMLESS else self.unsafe
        shelf.setdefault(entry.pattern[0], []).append(entry)

    def sort(self) -> None:
        for shelf in (self.harmless, self.unsafe):
            for entries in shelf.values():
                entries.sort(key=lambda entry: (-len(entry.pattern), -entry.weight))


def judge(texts: Sequence[str]) -> Findings:
    """Scores by ``LABELS`` for each text. They sum to 1: the softmax of the logits, which start at the odds."""
    logits = tuple(_logits(text) for text in texts)
    return Findings(LABELS, tuple(map(_softmax, logits)), logits)


def _logits(text: str) -> Row:
    likely = _likelihoods(text)
    safe = math.prod(1 - likely[label] for label in LABELS[1:])
    return tuple(math.log(safe if label == SAFE else _BASE + likely[label] / (1 - likely[label])) for label in LABELS)


def _likelihoods(text: str) -> Mapping[str, float]:
    """How likely each kind is by itself: strong words add up, and of the faint ones only the strongest counts."""
    strong, faint = dict.fromkeys(LABELS, 1.0), dict.fromkeys(LABELS, 0.0)
    for entry, weight in _found(read(text)).items():
        if entry.weight < _FAINT:
            faint[entry.label] = max(faint[entry.label], weight)
        else:
            strong[entry.label] *= 1 - weight
    return {label: min(_SUREST, 1 - strong[label] * (1 - faint[label])) for label in LABELS}


def _found(tokens: Sequence[Token]) -> Mapping[_Entry, float]:
    """The entries in a text, longest first and no word in two, each with what it weighs where it weighs most."""
    lexicon, found = _lexicon(), dict[_Entry, float]()
    stems = [token.stem for token in tokens]
    for start, length, _ in _matches(stems, lexicon.harmless):
        stems[start : start + length] = [""] * length
    for start, _, entry in _matches(stems, lexicon.unsafe):
        weight = entry.weight * (_DENIED if tokens[start].denied else 1.0)
        found[entry] = max(found.get(entry, 0.0), weight)
    return found


def _matches(stems: Sequence[str], shelf: Mapping[str, Sequence[_Entry]]) -> list[tuple[int, int, _Entry]]:
    """Start and length of every match and its entry."""
    matches: list[tuple[int, int, _Entry]] = []
    at = 0
    while at < len(stems):
        lengths = ((_length(stems, at, entry.pattern), entry) for entry in shelf.get(stems[at], ()))
        length, entry = next(((length, entry) for length, entry in lengths if length), (1, None))
        if entry is not None:
            matches.append((at, length, entry))
        at += length
    return matches


def _length(stems: Sequence[str], at: int, pattern: Pattern) -> int:
    """How many words the pattern covers from here, 0 where it does not stand here."""
    ends = {at}
    for part in pattern:
        if part == _GAP:
            ends = {min(end + skipped, len(stems)) for end in ends for skipped in range(_WIDEST + 1)}
        else:
            ends = {end + 1 for end in ends if end < len(stems) and stems[end] == part}
    return min(ends, default=at) - at


@cache
def _lexicon() -> _Lexicon:
    lexicon, sets = _Lexicon(), dict[str, list[str]]()
    label = _HARMLESS
    for line in _LIST.read_text("utf-8").splitlines():
        if line.startswith("@"):
            name, _, members = line.partition(":")
            sets.setdefault(name, []).extend(members.split())
        elif line.startswith("["):
            label = line.strip("[]")
        elif not line.startswith("#"):
            weight, _, entries = line.rpartition(":")
            for pattern in _patterns(entries.split(), sets):
                lexicon.add(_Entry(pattern, label, float(weight or 1)))
    lexicon.sort()
    return lexicon


def _patterns(entries: Iterable[str], sets: Mapping[str, Sequence[str]]) -> Iterator[Pattern]:
    for entry in entries:
        for words in product(*(sets.get(word, (word,)) for word in entry.split("_"))):
            yield tuple(stem for word in words for stem in ((_GAP,) if word == _GAP else _stems(word)))


def _stems(word: str) -> Pattern:
    return tuple(token.stem for token in read(word.replace("_", " ")))


def _softmax(logits: Row) -> Row:
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return tuple(power / sum(powers) for power in powers)
