"""Credits as people write them, and micro-credits as we count them."""

from __future__ import annotations

import re

import click

MICRO = 1_000_000
PLACES = 6

_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?")


def amount(text: str) -> int:
    """Micro-credits from a decimal number of credits, exactly: no sign, no exponent, at most six decimals."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is not an amount of credits such as 25 or 0.9")
    whole, decimals = match[1], match[2] or ""
    if len(decimals) > PLACES:
        raise click.BadParameter(f"{text!r} has more than {PLACES} decimals")
    return int(whole) * MICRO + int(decimals.ljust(PLACES, "0"))


def shown(micro: int) -> str:
    """Credits for people: exact, at least two decimals, ``1000.00`` or ``0.333333``."""
    whole, rest = divmod(micro, MICRO)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals}"


def number(micro: int) -> float:
    """Credits for scripts; round(n * 1,000,000) gives the micro-credits back."""
    return micro / MICRO
