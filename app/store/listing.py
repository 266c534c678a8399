"""Reads long lists in pages, so that nobody else waits for the whole of one: a script keeps all others waiting."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any

from app.store.line import Line

PAGE = 500
"""Rows of one script, which then takes some milliseconds."""


async def every(line: Line, what: str) -> Collection[Any]:  # rows as the script of this name answers them
    """Each row of the list that the script ``what`` reads, once, in the list's order.

    A row that comes meanwhile may be missing; one that comes in front of others moves them into the next page.
    """
    rows: dict[str, Any] = {}
    for start in itertools.count(0, PAGE):
        page = await line.run(what, "", start, PAGE)
        if not page:
            return rows.values()
        rows |= {row[0]: row for row in page}
    raise AssertionError("a list without end")


async def every_key(line: Line, account: str) -> Collection[Any]:  # rows as the script answers them
    """Each key of an account, or of all for ``""``, once and in no order; one that comes meanwhile may be missing."""
    rows: dict[str, Any] = {}
    done, cursor = 0, "0"
    while True:
        *position, page = await line.run("keys", account, done, cursor, PAGE)
        if position == [done, cursor]:
            return rows.values()
        done, cursor = position
        rows |= {row[0]: row for row in page}
