"""Cuts a text into stems, and knows which of them carry little meaning and which are denied."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

QUESTION = "?"
"""The token of a question, whether it has the mark or only begins like one."""

_LONGEST_STEMMED = 40
_REACH = 4
_TOKEN = re.compile(r"[^\W_]+|[?!.。,、;:()\n]")
_PAIRED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_CONTRACTED = re.compile(r"n['\u2019]t\b|(?<=\bcan)not\b")
_SUFFIX = re.compile(r"['\u2019](?:s|m|re|ve|ll|d)\b")
_ASKING = frozenset("what where when why who whom whose which how".split())  # noqa: SIM905 -- words read best as words
_NEGATORS = frozenset("not no never without neither nor hardly nothing nobody none".split())  # noqa: SIM905 -- words read best as words
_TURNS = frozenset("but however although though yet except".split())  # noqa: SIM905 -- words read best as words
_STOP = frozenset(
    """
    a about after again all also am an and any are as at be because been before being both but by can could did do
    does doing down during each either else even ever every few for from further get go going got had has have having
    he her here hers him his how i if in into is it its itself just let me more most much must my myself no nor not of
    off on once only or other our out over own per please really same shall she should so some still such than that
    the their them then there these they thing this those though through to too under until up upon us very was we
    were what when where whether which while who whom whose why will with within without would yet you your im ca wo
    """.split()  # noqa: SIM905 -- words read best as words
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it stands in the text, folded to lower case without accents, and its stem."""

    word: str
    stem: str
    denied: bool = False
    """Whether a negation reaches it."""

    @property
    def stop(self) -> bool:
        """Whether the word is so common that it says little by itself."""
        return self.word in _STOP


def read(text: str) -> tuple[Token, ...]:
    """The words of a text in their order, in time linear in its length; scripts without spaces come in pairs."""
    tokens: list[Token] = []
    reach = 0
    for word in _words(text):
        if not (word[0].isalnum() or word == QUESTION) or word in _TURNS:
            reach = 0
        if word[0].isalnum():
            tokens.append(Token(word, stem(word), reach > 0))
            reach = _REACH if word in _NEGATORS else reach - (word not in _STOP)
        elif word == QUESTION:
            tokens.append(Token(QUESTION, QUESTION))
    return _asked(tokens)


def stem(word: str) -> str:
    """The stem of an English word by the Porter2 algorithm; words without end or of other scripts stay as they are."""
    return _stem(word) if len(word) <= _LONGEST_STEMMED else word


@lru_cache(maxsize=1 << 15)
def _stem(word: str) -> str:
    # The pure Python class by its own name: the package's factory hands out a C library of another version where
    # one is installed. A stemmer keeps the word at hand in itself, so threads cannot share one.
    from snowballstemmer.english_stemmer import EnglishStemmer  # noqa: PLC0415 -- wanted for the first text only

    return str(EnglishStemmer().stemWord(word))


def _words(text: str) -> Iterator[str]:
    lowered = _CONTRACTED.sub(" not", _SUFFIX.sub("", text.casefold()))
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", lowered))
    plain = "".join(sign for sign in folded if not unicodedata.combining(sign))
    for match in _TOKEN.finditer(plain):
        word = match.group()
        if word == QUESTION:
            yield QUESTION
        elif len(word) > 2 and _PAIRED.fullmatch(word):
            yield from (word[start : start + 2] for start in range(len(word) - 1))
        else:
            yield word


def _asked(tokens: list[Token]) -> tuple[Token, ...]:
    if tokens and tokens[0].word in _ASKING and all(token.stem != QUESTION for token in tokens):
        tokens.append(Token(QUESTION, QUESTION))
    return tuple(tokens)
