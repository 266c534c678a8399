"""What words mean to the embedded analysts: the topics and the sets of synonyms they belong to, from our own lists."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from engines.analysis.embedded import spelling
from engines.analysis.embedded.words import Token, read

_LISTS = Path(__file__).resolve().parent
_HEAD = re.compile(r"\[(?P<names>.*?)(?: (?P<relation>against|unless) (?P<others>.*))?\]")
_MISSPELT = 0.6

Stems = tuple[str, ...]


class Facet(enum.StrEnum):
    """The ways in which topics describe a text; a text has something to say in each of them by itself."""

    SUBJECT = "subject"
    SENTIMENT = "sentiment"
    FEELING = "feeling"
    PURPOSE = "purpose"
    LANGUAGE = "language"
    SYNONYM = "synonym"
    """Not a topic: a set of words with one meaning."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One thing that words can mean. Two opposites are one sense with two signs."""

    facet: Facet
    name: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """A sense of a word: ``share`` falls as the word has more of them, and is below zero for the opposite."""

    sense: Sense
    share: float
    polar: bool
    """Whether the sense has an opposite, which a negation turns it into."""
    naming: bool = False
    """Whether the word is the name of the topic."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Words of a text that the thesaurus knows, with what they mean."""

    first: Token
    meanings: tuple[Meaning, ...]
    trust: float
    """1, or less for a word that is only spelt like one that is known."""


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """Meanings by stems. ``silent`` are senses that speak where none of the named others does."""

    meanings: Mapping[Stems, tuple[Meaning, ...]]
    longest: Mapping[str, int]
    spellings: spelling.Index
    silent: Mapping[Sense, frozenset[Sense]]

    def find(self, tokens: Sequence[Token]) -> list[Hit]:
        """What the words mean, longest phrases first; a word is part of one hit at most."""
        hits: list[Hit] = []
        at = 0
        while at < len(tokens):
            length, hit = self._hit(tokens, at)
            if hit is not None:
                hits.append(hit)
            at += length
        return hits

    def _hit(self, tokens: Sequence[Token], at: int) -> tuple[int, Hit | None]:
        token = tokens[at]
        for length in range(min(self.longest.get(token.stem, 0), len(tokens) - at), 0, -1):
            known = self.meanings.get(tuple(part.stem for part in tokens[at : at + length]), ())
            if length == 1 and token.stop:
                known = tuple(meaning for meaning in known if meaning.sense.facet is Facet.LANGUAGE)
            if known:
                return length, Hit(token, known, 1.0)
        if token.stop or (token.stem,) in self.meanings:
            return 1, None
        meant = self.spellings.nearest(token.word, token.stem)
        return 1, Hit(token, self.meanings[(meant,)], _MISSPELT) if meant else None


@cache
def thesaurus() -> Thesaurus:
    """The thesaurus of our own lists, read when it is first needed."""
    built = _Builder()
    _read_topics(built, (_LISTS / "topics.txt").read_text("utf-8").splitlines())
    _read_synonyms(built, (_LISTS / "synonyms.txt").read_text("utf-8").splitlines())
    return built.finish()


@dataclass(slots=True)
class _Builder:
    """Meanings while the lists are read: sign and naming by stems and sense."""

    signs: dict[Stems, dict[Sense, tuple[int, bool]]] = field(default_factory=dict)
    polar: set[Sense] = field(default_factory=set)
    silent: dict[Sense, frozenset[Sense]] = field(default_factory=dict)

    def add(self, entry: str, sense: Sense, sign: int, naming: bool = False) -> None:
        stems = tuple(token.stem for token in read(entry.replace("_", " ")))
        if stems:
            known = self.signs.setdefault(stems, {})
            known[sense] = (sign, naming or known.get(sense, (0, False))[1])

    def finish(self) -> Thesaurus:
        meanings = {stems: tuple(self._meanings(known)) for stems, known in self.signs.items()}
        longest: dict[str, int] = {}
        for stems in meanings:
            longest[stems[0]] = max(longest.get(stems[0], 0), len(stems))
        words = (stems[0] for stems in meanings if len(stems) == 1)
        return Thesaurus(meanings, longest, spelling.Index(words), self.silent)

    def _meanings(self, known: Mapping[Sense, tuple[int, bool]]) -> Iterable[Meaning]:
        for sense, (sign, naming) in known.items():
            rivals = sum(other.facet is sense.facet for other in known)
            yield Meaning(sense, sign / rivals**0.5, sense in self.polar, naming)


def _read_topics(built: _Builder, lines: Iterable[str]) -> None:
    facet, sense, sign = Facet.SUBJECT, Sense(Facet.SUBJECT, ""), 1
    for line in lines:
        if line.startswith("= "):
            facet = Facet(line[2:])
        elif head := _HEAD.fullmatch(line):
            names, others = head["names"].split(", "), (head["others"] or "").split()
            opposite = head["relation"] == "against"
            sense, sign = Sense(facet, others[0] if opposite else names[0]), -1 if opposite else 1
            if opposite:
                built.polar.add(sense)
            elif others:
                built.silent[sense] = frozenset(Sense(facet, other) for other in others)
            for name in names:
                built.add(name, sense, sign, naming=True)
        elif not line.startswith("#"):
            for entry in line.split():
                built.add(entry, sense, sign)


def _read_synonyms(built: _Builder, lines: Iterable[str]) -> None:
    for number, line in enumerate(lines):
        if line.startswith("#"):
            continue
        same, _, opposite = line.partition("/")
        sense = Sense(Facet.SYNONYM, str(number))
        if opposite:
            built.polar.add(sense)
        for entries, sign in ((same, 1), (opposite, -1)):
            for entry in entries.split():
                built.add(entry, sense, sign)
