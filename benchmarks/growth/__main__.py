"""How the cost of one request grows with what there is; each table is written as soon as it is measured.

`make growth` runs all of it in some minutes, most of them for a million accounts in a real Redis (Linux only).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.growth import breadth, calls, lists, pixels, visits
from benchmarks.growth.filled import filled


@dataclass(frozen=True, slots=True)
class Sizes:
    """How far each thing is made to grow, and how often each call is made."""

    accounts: tuple[int, ...]
    engines: tuple[int, ...]
    contracts: tuple[str, ...]
    worlds: tuple[int, ...]
    pieces: tuple[int, ...]
    sides: tuple[int, ...]
    times: int


FULL = Sizes(
    accounts=(10, 1_000, 1_000_000),
    engines=(15, 1_000),
    contracts=("v1", ""),
    worlds=(10, 10_000),
    pieces=(10, 1_000, 100_000),
    sides=(512, 1024, 1536, 2048),
    times=1000,
)
QUICK = Sizes((10, 100), (15, 30), ("v1", ""), (10, 20), (10, 20), (64, 128), 10)
PARTS = ("accounts", "engines", "contracts", "worlds", "gallery", "pixels")


def main() -> None:
    """Measure what is asked for."""
    options = _options()
    sizes = QUICK if options.quick else FULL
    sys.stdout.write(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} processors\n")
    work: dict[str, Callable[[Sizes], None]] = {
        "accounts": _accounts,
        "engines": lambda sizes: _grown("Engines", breadth.HERE, sizes.engines, breadth.engines, sizes.times),
        "contracts": _contracts,
        "worlds": lambda sizes: _grown("Worlds of test mode", breadth.THERE, sizes.worlds, breadth.worlds, sizes.times),
        "gallery": lambda sizes: _grown(
            "Pictures in the gallery", breadth.HERE, sizes.pieces, breadth.gallery, min(200, sizes.times)
        ),
        "pixels": _pixels,
    }
    for part in options.parts or PARTS:
        work[part](sizes)


def _accounts(sizes: Sizes) -> None:
    columns: list[dict[str, Mapping[str, object]]] = []
    with filled() as redis:
        empty = redis.memory()
        for accounts in sizes.accounts:
            began = time.perf_counter()
            redis.grow(accounts)
            _tell(f"{accounts:,} accounts after {time.perf_counter() - began:.1f} s")
            size = f"{(redis.memory() - empty) / 1e6:,.1f}"
            columns.append(
                {
                    calls.COLUMNS: calls.measure(redis, sizes.times),
                    visits.COLUMNS: visits.measure(redis, sizes.times),
                    lists.COLUMNS: lists.measure(redis),
                    "MB of Redis": {"all of it": size},
                }
            )
    for unit in columns[0]:
        _table("Accounts, keys and journal rows", unit, sizes.accounts, [column[unit] for column in columns])


def _contracts(sizes: Sizes) -> None:
    found = [breadth.contracts(names, sizes.times) for names in sizes.contracts]
    _table("Contracts", breadth.THERE, [names or "all" for names in sizes.contracts], found)


def _pixels(sizes: Sizes) -> None:
    found = [{"text-to-image": pixels.measure(side, min(7, sizes.times))} for side in sizes.sides]
    _table("Pixels", pixels.COLUMNS, [f"{side}x{side}" for side in sizes.sides], found)


def _grown(
    what: str, unit: str, sizes: tuple[int, ...], measure: Callable[[int, int], Mapping[str, object]], times: int
) -> None:
    _table(what, unit, sizes, [measure(size, times) for size in sizes])


def _table(what: str, unit: str, sizes: Sequence[object], columns: Sequence[Mapping[str, object]]) -> None:
    heads = [f"{size:,}" if isinstance(size, int) else str(size) for size in sizes]
    lines = ["", f"{what}: {unit}.", "", f"| | {' | '.join(heads)} |", "|--|" + "--:|" * len(heads)]
    lines += [f"| {row} | {' | '.join(str(column[row]) for column in columns)} |" for row in columns[0]]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _tell(news: str) -> None:
    sys.stderr.write(news + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make growth", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help=f"what is made to grow: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="next to nothing of each, to see that it works")
    return parser.parse_args()


if __name__ == "__main__":
    main()
