"""The lists: an empty file per piece, whose name says all that lists and sweeping need to know.

An organization's marks lie in folders of an hour and a minute, so that the newest are found without looking at the
others, and nothing is ever rewritten. They are ordered by when they came by the computer's own clock: a clock that a
test has moved, or stopped, would shuffle them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.gallery.files import names_in

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
"""In nanoseconds, as is all that is called ``arrival``."""

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
ID = re.compile(_ID)
"""A random UUID, as ``str`` writes it."""
_NAME = re.compile(rf"(\d{{19}})\.(\d+)\.(\d+)\.({_ID})", re.ASCII)
_CURSOR = re.compile(rf"(\d{{19}})\.({_ID})", re.ASCII)

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece by when it came, its own time in Unix milliseconds, its bytes on disk, and its id."""

    arrival: int
    at: int
    size: int
    id: str

    @property
    def key(self) -> Key:
        """What marks are ordered by."""
        return self.arrival, self.id

    @property
    def cursor(self) -> str:
        """Where the list goes on behind this one, whether it is still there then or not."""
        return f"{self.arrival:019d}.{self.id}"

    def path(self, shelf: Path) -> Path:
        """Its file on an organization's shelf."""
        return shelf.joinpath(*_folders(self.arrival), f"{self.arrival:019d}.{self.at}.{self.size}.{self.id}")


def read_cursor(cursor: str) -> Key | None:
    """The key in a cursor, None for what is none of ours."""
    found = _CURSOR.fullmatch(cursor)
    return (int(found[1]), found[2]) if found else None


def shelf_of(shelves: Path, organization_id: str) -> Path:
    """The folder of an organization, whatever its id may hold."""
    return shelves / hashlib.sha256(organization_id.encode()).hexdigest()


def newest(shelf: Path, before: Key | None) -> Iterator[Mark]:
    """The marks of a shelf from the newest on, or from behind ``before``; folders are read as they are needed."""
    last = _folders(before[0]) if before else None
    for hour in reversed(names_in(shelf)):
        for minute in reversed(names_in(shelf / hour)):
            if last is not None and (hour, minute) > last:
                continue
            for mark in sorted(_marks(shelf / hour / minute), key=lambda one: one.key, reverse=True):
                if before is None or mark.key < before:
                    yield mark


def all_of(shelf: Path) -> Iterator[Mark]:
    """Every mark of a shelf, in no order."""
    for hour in names_in(shelf):
        for minute in names_in(shelf / hour):
            yield from _marks(shelf / hour / minute)


def tidy(shelf: Path, before: int) -> None:
    """Remove the folders that are empty and older than ``before``, the shelf included."""
    for hour in names_in(shelf):
        for minute in names_in(shelf / hour):
            if (hour, minute) < _folders(before):
                _remove_empty(shelf / hour / minute)
        _remove_empty(shelf / hour)
    _remove_empty(shelf)


def _folders(arrival: int) -> tuple[str, str]:
    return f"{arrival // HOUR:08d}", f"{arrival % HOUR // MINUTE:02d}"


def _marks(folder: Path) -> Iterator[Mark]:
    for name in names_in(folder):
        if found := _NAME.fullmatch(name):
            yield Mark(int(found[1]), int(found[2]), int(found[3]), found[4])


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # not empty, or gone; whoever is about to use it makes it again
