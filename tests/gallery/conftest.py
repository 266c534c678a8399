"""A gallery with clocks that are moved by hand, and a short way to use it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.gallery.folder import Gallery
from app.gallery.model import Piece

T = TypeVar("T")

START = 1_700_000_000.0
DAY = 86_400.0


def run(work: Coroutine[Any, Any, T]) -> T:
    """What it returns."""
    return asyncio.run(work)


@dataclass
class Place:
    """A folder with galleries of one lifetime and size, as several processes would have them."""

    folder: Path
    real: float = START
    ahead: float = 0.0
    """How far the clock of the request is ahead of the computer's."""

    def gallery(self, seconds: float = DAY, most_bytes: int = 10**9) -> Gallery:
        """One more gallery on the same folder."""
        return Gallery(self.folder, seconds, most_bytes, lambda _: self.real + self.ahead, lambda: self.real)

    def files(self) -> list[Path]:
        """Everything that lies there."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place for pictures that does not exist yet."""
    return Place(tmp_path / "home" / "pictures")


def keep(gallery: Gallery, text: str = "a", organization_id: str = "org-1", size: int = 10) -> Piece:
    """Keep a picture that is told from others by its prompt."""
    return run(gallery.keep(organization_id, text.encode().ljust(size), "image/png", {"prompt": text}))


def prompts(gallery: Gallery, organization_id: str = "org-1", count: int = 100) -> list[str]:
    """What an organization sees, page by page."""
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(1000):
        pieces, cursor = run(gallery.page(organization_id, count, cursor))
        seen += [piece.facts["prompt"] for piece in pieces]
        if cursor is None:
            return seen
    raise AssertionError("the pages do not end")
