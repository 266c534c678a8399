"""Every dialect that is served, the one that words the errors of nobody's paths first."""

from __future__ import annotations

from typing import Protocol

from app.dialects import aithriving, serevix, stability, stablecog, stativerse
from app.tools import Tools
from app.web.dialect import Dialect


class Kind(Protocol):
    """A class of dialects: made of the tools, and known by the name of its contract before that."""

    contract: str

    def __call__(self, tools: Tools) -> Dialect:
        """A dialect at work."""
        ...


RECORDED: tuple[Kind, ...] = stability.DIALECTS
"""Those whose service can be recorded and replayed; nothing else is served meanwhile."""

SERVED: tuple[Kind, ...] = (
    *RECORDED,
    *serevix.DIALECTS,
    *aithriving.DIALECTS,
    *stablecog.DIALECTS,
    *stativerse.DIALECTS,
)
