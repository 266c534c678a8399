"""What people may call themselves, their organizations and their keys."""

from __future__ import annotations

import re

from app.accounts.refusals import BadEmail, BadName

DEFAULT_PICTURE = "https://www.gravatar.com/avatar/?d=mp"
"""A neutral silhouette."""

OWNER_EMAIL = "owner@understudy.example"
OWNER_ORGANIZATION = "Understudy"

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")


def checked_email(email: str) -> str:
    """The address without surrounding blanks. Raises ``BadEmail``."""
    stripped = email.strip()
    local = stripped.partition("@")[0]
    dotted = local.startswith(".") or local.endswith(".") or ".." in local
    if len(stripped) > 254 or dotted or not _EMAIL.fullmatch(stripped):
        raise BadEmail(email)
    return stripped


def checked_name(name: str, what: str) -> str:
    """The name without surrounding blanks. Raises ``BadName``."""
    stripped = name.strip()
    if not (1 <= len(stripped) <= 100 and stripped.isprintable()):
        raise BadName(what)
    return stripped
