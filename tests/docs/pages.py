"""The documents as their readers see them: blocks to copy, tables, headings, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.running import ROOT

PAGES = tuple(
    sorted(
        path.relative_to(ROOT).as_posix()
        for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "spec/*.md", "examples/*.md")
        for path in ROOT.glob(pattern)
    )
)
"""Every document of the project."""

FENCE = re.compile(r"(?:<!-- not run: ([^>]*?) -->\n)?```(\w*)\n(.*?)```", re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; ``excuse`` says why it is not run, where a comment before it does."""

    page: str
    language: str
    text: str
    excuse: str | None

    def __str__(self) -> str:
        return f"{self.page}: {self.text.strip().splitlines()[0][:60]}"


@cache
def text(page: str) -> str:
    """The source of a document."""
    return (ROOT / page).read_text("utf-8")


def blocks(page: str) -> tuple[Block, ...]:
    """Every fenced block, in order."""
    return tuple(
        Block(page, found[2], found[3], found[1].strip() if found[1] else None) for found in FENCE.finditer(text(page))
    )


def prose(page: str) -> str:
    """The document without its fenced blocks."""
    return FENCE.sub("", text(page))


def tables(page: str, heading: str) -> list[list[tuple[str, ...]]]:
    """The rows of the tables below a heading, without their first two lines."""
    section = re.split(r"^#+ ", text(page).split(f"# {heading}\n", maxsplit=1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return [rows[2:] for rows in _tables(section)]


def anchors(page: str) -> set[str]:
    """What can stand behind ``#`` in a link to this document."""
    return {anchor(heading) for heading in HEADING.findall(prose(page))}


def anchor(heading: str) -> str:
    """What leads to this heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def links(page: str) -> Iterator[str]:
    """The targets of all links that stay in the project."""
    for target in LINK.findall(prose(page)):
        if "://" not in target:
            yield target


def resolve(page: str, target: str) -> Path:
    """The file a relative link means."""
    return (ROOT / page).parent / target.partition("#")[0] if target.partition("#")[0] else ROOT / page


def _tables(section: str) -> Iterator[list[tuple[str, ...]]]:
    rows: list[tuple[str, ...]] = []
    for line in [*section.splitlines(), ""]:
        if line.startswith("|"):
            rows.append(tuple(cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")))
        elif rows:
            yield rows
            rows = []
