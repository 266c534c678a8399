"""Credits as services write them into texts."""

from __future__ import annotations

from engines.prices import MICRO


def plain(micro_credits: int) -> str:
    """Credits as an exact decimal number without trailing zeros: ``6``, ``6.5``, ``0``."""
    whole, rest = divmod(micro_credits, MICRO)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
