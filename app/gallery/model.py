"""What hangs in the gallery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """A finished picture. ``at`` is in Unix milliseconds, by the clock of the request that kept it.

    ``facts`` are what the dialect wants to tell of it later: anything that JSON can say, and read back as JSON
    reads it, so that a tuple comes back as a list.
    """

    id: str
    organization_id: str
    media_type: str
    at: int
    facts: Mapping[str, Any]
