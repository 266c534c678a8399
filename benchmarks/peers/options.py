"""What `make bench` can be told."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers.contestants import NAMES
from benchmarks.peers.work import works

PARTS = ("http", "starts", "sizes", "pictures")
WORKS = tuple(work.name for work in works())


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=…", description="Measures Understudy and its peers side by side on this machine."
    )
    parser.add_argument("--parts", type=_some(PARTS), default=PARTS, metavar="NAMES", help=_listed(PARTS))
    parser.add_argument("--only", type=_some(NAMES), default=NAMES, metavar="NAMES", help=_listed(NAMES))
    parser.add_argument("--work", type=_some(WORKS), default=WORKS, metavar="NAMES", help=_listed(WORKS))
    parser.add_argument("--connections", type=_counts, default=(1, 8, 32), metavar="NUMBERS", help="1,8,32 unless told")
    parser.add_argument("--processes", type=_counts, default=(1, 2), metavar="NUMBERS", help="1,2 unless told")
    parser.add_argument(
        "--rounds", type=_count, default=5, metavar="NUMBER", help="measurements of each; 5 unless told"
    )
    parser.add_argument("--seconds", type=_seconds, default=1.0, help="of each measurement; 1 unless told")
    parser.add_argument("--starts", type=_count, default=10, metavar="NUMBER", help="starts of each; 10 unless told")
    parser.add_argument(
        "--before", type=_checkout, metavar="FOLDER", help="another checkout of Understudy to measure too"
    )
    parser.add_argument("--quick", action="store_true", help="everything once and briefly, to see that it works")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the tables there, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single figure there")
    parser.add_argument("--read", type=Path, metavar="FILE", help="measure nothing: take the figures that --json wrote")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw processor time per request there, as SVG")
    parser.add_argument(
        "--publish", action="store_true", help="bring README.md, benchmarks/results.md and the chart up to date"
    )
    return parser


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of a run; a quick one measures everything once, for a moment."""
    asked = options().parse_args(arguments)
    if asked.publish and (asked.parts != PARTS or 1 not in asked.processes or "understudy" not in asked.only):
        options().error("--publish needs every part, of Understudy with one process")
    if asked.quick:
        asked.rounds, asked.seconds, asked.starts = 1, min(asked.seconds, 1.0), 1
    return asked


def _listed(names: tuple[str, ...]) -> str:
    return f"all of {','.join(names)} unless told"


def _some(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        names = set(text.split(","))
        if names - set(known):
            raise argparse.ArgumentTypeError(f"use some of {','.join(known)}")
        return tuple(name for name in known if name in names)

    return parse


def _counts(text: str) -> tuple[int, ...]:
    return tuple(sorted({_count(part) for part in text.split(",")}))


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("use at least 1")
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 60:
        raise argparse.ArgumentTypeError("use 0.1 to 60")
    return seconds


def _checkout(text: str) -> Path:
    folder = Path(text).absolute()
    if not (folder / "understudy").is_dir():
        raise argparse.ArgumentTypeError("use the folder of a checkout: git worktree add FOLDER COMMIT makes one")
    return folder
