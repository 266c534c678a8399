"""Finds pictures where they stand in JSON: as base64, behind ``data:``, or as bare numbers."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import chain
from typing import Any

PREFIX = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.ASCII)
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF8")
HEAD = 16
"""Characters of base64 that are enough to know a picture by its beginning."""
NUMBERS = 256
"""So many bare numbers in a row, each of them a byte, are taken for pixels."""
LEVELS = 3
"""How deep lists of rows of pixels of numbers go."""


def picture_bytes(value: Any) -> bytes | None:
    """The file that a value is, or that a text holds as base64; None for what does not begin like a picture.

    What follows the beginning may be broken: the text's own bytes stand for it then.
    """
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return None
    found = PREFIX.match(value)
    text = value[found.end() :] if found else value
    try:
        begins = base64.b64decode(text[:HEAD])
    except (binascii.Error, ValueError):
        return None
    if not begins.startswith(SIGNATURES):
        return None
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "replace")


def pixel_bytes(value: Any) -> bytes | None:
    """The bytes of bare pixels, in lists of any depth up to ``LEVELS``; None for anything else."""
    level = 0
    while isinstance(value, list) and value and isinstance(value[0], list) and level < LEVELS:
        if not all(isinstance(row, list) for row in value):
            return None
        value, level = list(chain.from_iterable(value)), level + 1
    if not isinstance(value, list) or len(value) < NUMBERS:
        return None
    try:
        return bytes(value)
    except (TypeError, ValueError):
        return None
