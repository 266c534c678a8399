"""The spending cap: what recordings may cost together, kept beside them, so that it outlives the server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import SpendingCapReached
from app.settings import BadSetting
from engines.prices import MICRO

FILE = "spending.json"


class Purchase:
    """One request on its way; ``cost`` is what it will have cost, as far as is known."""

    def __init__(self, price: int) -> None:
        self.cost = price


class Cap:
    """Counts in micro-credits. ``spent`` and ``open``, which is what requests on their way may cost, never exceed it.

    Both are on disk before a request is sent. What was open when a server ended counts as spent: nobody
    knows whether the service got to charge for it.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._path = folder / FILE
        self._limit = limit
        self.spent = _read(self._path)
        self.open = 0

    @contextmanager
    def purchase(self, price: int) -> Iterator[Purchase]:
        """Set ``price`` aside while a request is on its way. Raises ``SpendingCapReached`` before it is sent.

        Left by an exception, a purchase counts with the cost it has by then.
        """
        if not price:
            yield Purchase(0)
            return
        if self.spent + self.open + price > self._limit:
            raise _reached(price, self.spent + self.open, self._limit)
        self.open += price
        self._write()
        one = Purchase(price)
        try:
            yield one
        finally:
            self.open -= price
            self.spent += one.cost
            self._write()

    def _write(self) -> None:
        draft = self._path.with_name(f".{FILE}")
        figures = {"spent": self.spent / MICRO, "open": self.open / MICRO}
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(figures, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def _read(path: Path) -> int:
    """What was spent before. Raises ``BadSetting`` for a file that does not say."""
    if not path.exists():
        return 0
    try:
        figures = json.loads(path.read_bytes())
        return sum(round(float(figures[name]) * MICRO) for name in ("spent", "open"))
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as problem:
        raise BadSetting(f"{path}: does not say what was spent; mend it, or delete it to begin at 0") from problem


def _reached(price: int, taken: int, limit: int) -> SpendingCapReached:
    fact = f"{price / MICRO:g} credits on top of {taken / MICRO:g} of {limit / MICRO:g}"
    return SpendingCapReached(
        fact,
        f"Not sent to the upstream: it would cost {price / MICRO:g} credits, and {taken / MICRO:g} of the "
        f"{limit / MICRO:g} that recordings may cost are spent. UNDERSTUDY_SPENDING_CAP raises that.",
    )
