"""Zero-shot classification: how well a label's own words, and the topics it names, describe a text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engines.analysis.embedded import spelling
from engines.analysis.embedded.thesaurus import Facet, Hit, Sense, thesaurus
from engines.analysis.embedded.words import Token, read
from engines.analysis.types import Row

_FLOOR, _CEILING = 0.02, 0.98
_BY_TOPIC, _BY_WORDS = 0.95, 0.9
_WORD_OF_TOPIC, _BY_NAME = 0.6, 1.5
_SYNONYM, _ALIKE = 0.8, 0.7
_DOUBT = 0.25
_DENIALS = frozenset({"not", "non", "no"})
_BY_FACET = {Facet.SUBJECT, Facet.SENTIMENT, Facet.FEELING, Facet.PURPOSE, Facet.LANGUAGE}

Amounts = Mapping[Sense, float]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as labels look at it."""

    amounts: Amounts
    lengths: Mapping[Facet, float]
    stems: frozenset[str]
    slips: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Label:
    """What a label asks a text for; ``denied`` labels describe all texts that the rest does not."""

    amounts: Amounts
    stems: tuple[str, ...]
    synonyms: Mapping[str, Amounts]
    denied: bool


def classify(texts: Sequence[str], labels: Sequence[str]) -> tuple[Row, ...]:
    """A score from 0 to 1 for each label and text; where nothing speaks for a label its score is near 0."""
    asked = [_label(label) for label in labels]
    return tuple(tuple(_score(known, label) for label in asked) for known in map(_text, texts))


def logit(score: float) -> float:
    """The logarithm of the odds of a score."""
    return math.log(score / (1 - score))


def _score(text: _Text, label: _Label) -> float:
    topic, words = _by_topic(text, label), _by_words(text, label)
    score = 1 - (1 - _BY_TOPIC * max(0.0, topic)) * (1 - _BY_WORDS * words)
    return min(_CEILING, max(_FLOOR, 1 - score if label.denied else score))


def _by_topic(text: _Text, label: _Label) -> float:
    """The cosine between the topics of text and label, in the facet where it is largest."""
    products: dict[Facet, float] = {}
    for sense, amount in label.amounts.items():
        if sense.facet in _BY_FACET:
            products[sense.facet] = products.get(sense.facet, 0.0) + amount * text.amounts.get(sense, 0.0)
    return max((product / text.lengths[facet] for facet, product in products.items()), default=0.0)


def _by_words(text: _Text, label: _Label) -> float:
    """The share of the label's words that stand in the text, as they are, misspelt, or as another word for them."""
    if not label.stems:
        return 0.0
    return sum(_found(stem, text, label) for stem in label.stems) / len(label.stems)


def _found(stem: str, text: _Text, label: _Label) -> float:
    if stem in text.stems:
        return 1.0
    if any(amount * text.amounts.get(sense, 0.0) > 0 for sense, amount in label.synonyms.get(stem, {}).items()):
        return _SYNONYM
    return _ALIKE if len(stem) > 4 and any(rest in text.slips for rest in spelling.dropped(stem)) else 0.0


def _text(text: str) -> _Text:
    tokens = read(text)
    amounts = _amounts(thesaurus().find(tokens))
    for sense, others in thesaurus().silent.items():
        said = sum(abs(amounts.get(other, 0.0)) for other in others)
        amounts[sense] = amounts.get(sense, 0.0) + max(0.0, 1.0 - said)
    squares = dict.fromkeys(Facet, _DOUBT)
    for sense, amount in amounts.items():
        squares[sense.facet] += amount * amount
    stems = frozenset(token.stem for token in tokens if not token.stop and not token.denied)
    slips = frozenset(rest for stem in stems if len(stem) > 4 for rest in spelling.dropped(stem))
    return _Text(amounts, {facet: math.sqrt(square) for facet, square in squares.items()}, stems, slips)


def _amounts(hits: Sequence[Hit]) -> dict[Sense, float]:
    """How much of each sense a text speaks of; a negation turns what has an opposite."""
    amounts: dict[Sense, float] = {}
    for hit in hits:
        for meaning in hit.meanings:
            amount = meaning.share * hit.trust * (-1 if meaning.polar and hit.first.denied else 1)
            amount *= _BY_NAME if meaning.naming else 1.0
            amounts[meaning.sense] = amounts.get(meaning.sense, 0.0) + amount
    return amounts


def _label(label: str) -> _Label:
    tokens = read(label)
    denied = len(tokens) > 1 and tokens[0].word in _DENIALS
    told = tuple(Token(token.word, token.stem) for token in (tokens[1:] if denied else tokens))
    hits = thesaurus().find(told)
    stems = dict.fromkeys(token.stem for token in told if not token.stop)
    synonyms = {hit.first.stem: _synonyms(hit) for hit in hits}
    return _Label(_named(hits), tuple(stems), synonyms, denied)


def _synonyms(hit: Hit) -> Amounts:
    return {m.sense: m.share for m in hit.meanings if m.sense.facet is Facet.SYNONYM}


def _named(hits: Sequence[Hit]) -> Amounts:
    """The topics a label names, at length 1 in each facet; a mere word of a topic stands for less of it."""
    amounts: dict[Sense, float] = {}
    for hit in hits:
        names = any(meaning.naming for meaning in hit.meanings)
        for meaning in hit.meanings:
            if meaning.naming or not names:
                sign = math.copysign(1.0, meaning.share)
                amount = sign if meaning.naming else _WORD_OF_TOPIC * meaning.share
                amounts[meaning.sense] = amounts.get(meaning.sense, 0.0) + amount
    squares = dict.fromkeys(Facet, 0.0)
    for sense, amount in amounts.items():
        squares[sense.facet] += amount * amount
    return {sense: amount / max(1.0, math.sqrt(squares[sense.facet])) for sense, amount in amounts.items()}
