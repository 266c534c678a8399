"""Whose request it is: the world, the wishes and the bill of the request that the current task works on."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.worlds.world import World


@dataclass(slots=True)
class Tab:
    """What one request costs, in micro-credits: what the books hold of it, or have spent in the end."""

    charged: int = 0


current: ContextVar[World | None] = ContextVar("world", default=None)
"""The world of the request; None outside of one, for example in a readiness check."""

forced_filter: ContextVar[bool] = ContextVar("forced_filter", default=False)
"""Whether every picture of the request is to be delivered as if the output filter had tripped."""

tab: ContextVar[Tab | None] = ContextVar("tab", default=None)
"""Where the books note what the request was charged. Set one before the request runs, read it after the answer."""
