"""Inputs that mean an outcome by themselves, so that any client can ask for one: prompts, engine ids, keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.errors import UnknownKey
from app.worlds.keys import BROKE, MAGIC, read_key
from app.worlds.latency import Fixed, Latency
from app.worlds.outcomes import Outcome

ALIASES = {"rate_limit": Outcome.RATE_LIMIT_EXCEEDED}
"""Shorter names that magic inputs may use."""

_SPELL = re.compile(
    r"(?<![a-z0-9_-])understudy:"
    r"(?:latency=(?P<seconds>(?>[0-9]{1,6}(?:\.[0-9]{1,6})?))|(?P<word>[a-z0-9_-]+))"
    r"(?![a-z0-9_=-])",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Spell:
    """What a magic input asks for; at least one of the two."""

    outcome: Outcome | None = None
    latency: Latency | None = None


def in_prompts(texts: Iterable[str]) -> Spell | None:
    """The spell in the texts of the prompts, whatever their weights: the first outcome and the first latency.

    ``understudy:server_error`` and ``understudy:latency=2.5`` count as whole words, in any case, with
    dashes as good as underscores. After ``understudy:``, a word that is no outcome is no spell.
    """
    outcome: Outcome | None = None
    latency: Latency | None = None
    for found in (one for text in texts for one in _SPELL.finditer(text)):
        if found["word"]:
            outcome = outcome or _outcome(found["word"])
        else:
            latency = latency or Fixed(float(found["seconds"]))
    return Spell(outcome, latency) if outcome or latency else None


def in_engine(engine_id: str) -> Spell | None:
    """The spell in an engine id such as ``understudy-server-error``."""
    return _spell(engine_id.removeprefix(MAGIC)) if engine_id.startswith(MAGIC) else None


def in_key(key: str) -> Spell | None:
    """The spell in a key such as ``sk-understudy-server-error``.

    ``sk-understudy-insufficient-balance`` is none: it opens a world without credits, which then is
    refused what costs something, and nothing else.
    """
    try:
        magic = read_key(key).magic
    except UnknownKey:
        return None
    return _spell(magic) if magic and magic != BROKE else None


def _spell(word: str) -> Spell | None:
    outcome = _outcome(word)
    return Spell(outcome) if outcome else None


def _outcome(word: str) -> Outcome | None:
    name = word.lower().replace("-", "_")
    return ALIASES.get(name) or next((outcome for outcome in Outcome if outcome == name), None)
