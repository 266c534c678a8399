"""What a loaded engine can do, and what goes with every piece of its work."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from engines.types import EngineCard, GenerationRequest, Pixels


class Stopped(Exception):
    """The job was cancelled between two steps."""


class WeightsUnusable(Exception):
    """The files are there, but they are broken, incomplete, or of another architecture."""


class NumbersLost(Exception):
    """The network answered with what is no number, so that there is no picture, or nothing else that was wanted."""

    def __init__(self, wanted: str = "a picture") -> None:
        super().__init__(f'infinite numbers in place of {wanted}; a wider dtype may help: "bfloat16" or "float32"')


class BudgetExceeded(Exception):
    """A model alone needs more bytes than may be held. It counts as running out of memory."""

    def __init__(self, needed: int, budget: int) -> None:
        super().__init__(f"{needed} bytes of weights are needed, {budget} may be held")
        self.needed = needed
        self.budget = budget


class Thrift(enum.IntEnum):
    """How much speed is given up for memory; raised by one after each time the device ran out of it."""

    NONE = 0
    TILED = 1
    """The VAE works in tiles, guided and unguided predictions are made one after the other, and gradients are
    computed from fewer intermediate results."""
    FRUGAL = 2
    """Smaller tiles, and attention in slices where the device has none that is thrifty by itself."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Whoever works calls ``step`` between two steps of work, so that it can be stopped and watched."""

    stopped: Callable[[], bool]
    report: Callable[[int, int], None]

    def step(self, done: int, total: int) -> None:
        """``done`` of ``total`` steps of this picture are done. Raises ``Stopped``."""
        if self.stopped():
            raise Stopped
        self.report(done, total)


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """One picture to make: a request narrowed down to one of its seeds."""

    card: EngineCard
    request: GenerationRequest
    seed: int
    watch: Watch
    thrift: Thrift = Thrift.NONE


class Model(Protocol):
    """An engine in memory, ready to draw."""

    def draw(self, order: Order) -> Pixels:
        """One picture of exactly the request's width and height. Raises ``Stopped``.

        The same order gives the same pixels, whatever was drawn before.
        """
        ...
