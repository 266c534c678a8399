"""What an API key says about its world: whether it is one at all, a name, an opening balance, a spell."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal

from app.errors import UnknownKey
from engines.prices import MICRO

MAGIC = "understudy-"
BROKE = "insufficient-balance"

_KEY = re.compile(r"sk-([A-Za-z0-9._-]{3,253})")
_CREDITS = re.compile(r"(.+)-c([0-9]{1,9}(?:\.[0-9]{1,6})?)")
_SECRET = re.compile(r"[A-Za-z0-9]{32,}")


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """One well-formed key.

    ``id`` is that of its world, ``text`` the key without ``sk-`` and balance; ``credits`` in micro-credits.
    """

    id: str
    text: str
    credits: int | None
    hint: str

    @property
    def magic(self) -> str | None:
        """The outcome that the key asks for, as it spells it: ``server-error`` for ``sk-understudy-server-error``.

        What follows a dot only tells workers apart, as in ``sk-understudy-server-error.worker-2``.
        """
        return self.text.removeprefix(MAGIC).partition(".")[0] if self.text.startswith(MAGIC) else None

    @property
    def name(self) -> str:
        """The text, or the id where the text is so plain that it may be somebody's real key."""
        return self.id if _SECRET.fullmatch(self.text) else self.text


def read_key(key: str) -> KeyFacts:
    """What ``key`` says. Raises ``UnknownKey`` for one that is not well formed.

    A key is ``sk-`` and 3 to 253 letters, digits, dots, dashes or underscores; ``-c25`` or ``-c0.5``
    at its end is the opening balance in credits.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise UnknownKey
    text, credits = _split(found[1])
    world_id = hashlib.sha256(key.encode()).hexdigest()[:16]
    facts = KeyFacts(world_id, text, credits, _hint(key))
    if credits is None and facts.magic == BROKE:
        return KeyFacts(world_id, text, 0, facts.hint)
    return facts


def _split(text: str) -> tuple[str, int | None]:
    found = _CREDITS.fullmatch(text)
    return (found[1], int(Decimal(found[2]) * MICRO)) if found else (text, None)


def _hint(key: str) -> str:
    return f"{key[:5]}…{key[-4:]}" if len(key) >= 24 else f"{key[:5]}…"
