"""Strict JSON from untrusted bytes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from app.errors import BadBody

MAX_DIGITS = 300
"""Of a whole number. Python does not write out more than 4300, which the product of two sides stays below."""

MAX_VALUES = 10_000
"""In one text. A value of two bytes takes hundreds of them in memory, and each is looked at by the validator."""


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN or Infinity, no endless numbers, neither too many values nor nested too deeply."""
    if _values(raw) > MAX_VALUES and _values(_outside_texts(raw)) > MAX_VALUES:
        raise BadBody(f"more than {MAX_VALUES} values")
    try:
        return _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise BadBody("not valid UTF-8") from None
    except RecursionError:
        raise BadBody("nested too deeply") from None
    except ValueError:
        raise BadBody("not valid JSON") from None


def _values(raw: bytes) -> int:
    """About how many values there are, and never fewer: what stands in texts is counted as well."""
    return sum(map(raw.count, (b",", b"[", b"{")))


def _outside_texts(raw: bytes) -> bytes:
    """The same without its texts, unless there are so many of them that they are too many values by themselves."""
    unescaped = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    return b"".join(unescaped.split(b'"')[::2]) if unescaped.count(b'"') <= 4 * MAX_VALUES else raw


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"more than {MAX_DIGITS} digits")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=_whole, parse_constant=_refuse_constant)
