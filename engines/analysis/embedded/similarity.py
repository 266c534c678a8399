"""Sentence similarity: the cosine between what two texts say in stems, synonyms, topics and letters.

Words are weighed one by one: a candidate that shares many words with a text beats a paraphrase whose words our lists
do not know.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from engines.analysis.embedded.thesaurus import Facet, Hit, thesaurus
from engines.analysis.embedded.words import QUESTION, Token, read
from engines.analysis.types import Row

Vector = Mapping[str, float]
"""Sparse, of length 1, or empty for a text without words."""

SHARPNESS = 8.0
"""Logits are this many times the cosine, so that a clear winner takes most of the distribution."""

_KNOWN, _UNKNOWN, _STOP, _QUESTION, _DENIED = 0.5, 1.0, 0.08, 0.3, 0.4
_LETTERS = 0.3
_LIGHT = 0.4
_EVERYDAY = frozenset(
    """
    man woman people person someone give gave make made take took put turn come came see saw look let say said know
    think want need use today now day time year new old good first last long great little own big thing way here back
    still
    """.split()  # noqa: SIM905 -- words read best as words
)
_FACETS = {
    Facet.SYNONYM: 1.1,
    Facet.SUBJECT: 0.45,
    Facet.SENTIMENT: 0.5,
    Facet.FEELING: 0.4,
    Facet.PURPOSE: 0.35,
    Facet.LANGUAGE: 0.0,
}


def compare(texts: Sequence[str], others: Sequence[str]) -> tuple[Row, ...]:
    """The similarity of each text to each of the others, from -1 for opposites to 1 for the same words."""
    vectors = [vector(other) for other in others]
    return tuple(tuple(_cosine(one, other) for other in vectors) for one in map(vector, texts))


def vector(text: str) -> Vector:
    """What a text says as one sparse vector; negations turn the signs of meanings that have an opposite."""
    tokens = read(text)
    hits = thesaurus().find(tokens)
    known = {hit.first.stem for hit in hits if any(m.sense.facet is Facet.SYNONYM for m in hit.meanings)}
    sums: dict[str, float] = {}
    for name, amount in (*_of_words(tokens, known), *_of_letters(tokens), *_of_meanings(hits)):
        sums[name] = sums.get(name, 0.0) + amount
    length = math.sqrt(sum(amount * amount for amount in sums.values()))
    return {name: amount / length for name, amount in sums.items()} if length else {}


def _of_words(tokens: Iterable[Token], known: set[str]) -> Iterator[tuple[str, float]]:
    for token in tokens:
        if token.stem == QUESTION:
            yield "?", _QUESTION
        elif token.stop:
            yield f"w {token.stem}", _STOP
        else:
            weight = _KNOWN if token.stem in known else _UNKNOWN
            yield f"w {token.stem}", weight * _LIGHT if token.word in _EVERYDAY else weight
    if any(token.denied for token in tokens):
        yield "not", _DENIED


def _of_letters(tokens: Iterable[Token]) -> Iterator[tuple[str, float]]:
    """Runs of three letters, so that words meet those that are spelt or inflected almost like them."""
    for token in tokens:
        if not token.stop and len(token.word) > 3:
            edged = f" {token.word[:40]} "
            share = _LETTERS / math.sqrt(len(edged) - 2)
            yield from ((f"l {edged[start : start + 3]}", share) for start in range(len(edged) - 2))


def _of_meanings(hits: Iterable[Hit]) -> Iterator[tuple[str, float]]:
    for hit in hits:
        for meaning in hit.meanings:
            weight = _FACETS[meaning.sense.facet] * meaning.share * hit.trust
            weight *= _LIGHT if hit.first.word in _EVERYDAY else 1.0
            turned = meaning.polar and hit.first.denied
            if weight:
                yield f"{meaning.sense.facet} {meaning.sense.name}", -weight if turned else weight


def _cosine(one: Vector, other: Vector) -> float:
    shorter, longer = sorted((one, other), key=len)
    product = sum(amount * longer.get(name, 0.0) for name, amount in shorter.items())
    return max(-1.0, min(1.0, product))
