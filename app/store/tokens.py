"""Names and secrets that nobody can guess."""

from __future__ import annotations

import secrets
import string

LETTERS = string.ascii_letters + string.digits


def token(prefix: str, length: int = 24) -> str:
    """``user-…``, ``org-…``, ``key-…`` and the like."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(length))


def secret_key() -> str:
    """A new API key: ``sk-`` and 48 letters or digits, as clients expect them."""
    return token("sk-", 48)


def hint(key: str) -> str:
    """Enough of a key to tell it from others, too little to use it."""
    return f"{key[:5]}…{key[-4:]}" if len(key) >= 24 else f"{key[:2]}…"
