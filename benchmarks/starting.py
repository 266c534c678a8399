"""From the start of the process to the first answer: seconds by the clock, seconds of the processor, and memory.

`python benchmarks/starting.py` measures this checkout; `--against FOLDER` takes turns with another one. It needs
nothing but the plain installation, and reads processor and memory where Linux tells them.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk-" + "Bench000" * 6
MODES = {"serve": (), "serve --test": ("--test",), "serve --workers 2": ("--workers", "2")}
"""What is started, by what it is called in the table; with the embedded store unless in test mode."""
FRESH, KEPT = "a new home", "an existing home"


@dataclass(frozen=True, slots=True)
class Start:
    """What one start took until the engine list was answered, all its processes together."""

    wall: float
    """Seconds by the clock."""
    best: float
    """The least of them, which says most where others use the machine as well."""
    processor: float
    """Seconds of the processor."""
    memory: float
    """Megabytes: memory of its own, and its part of what processes share."""


def main() -> None:
    """Measure, and write a Markdown table."""
    given = _arguments()
    roots = {"this checkout": ROOT} | ({str(given.against): given.against} if given.against else {})
    rows = ["| what | where | ms | best ms | processor ms | MB |", "|--|--|--:|--:|--:|--:|"]
    for mode in given.modes or MODES:
        rows += [_row(case, who, one) for (case, who), one in compared(mode, roots, given.starts).items()]
    sys.stdout.write("\n".join(rows) + "\n")


def compared(mode: str, roots: dict[str, Path], count: int) -> dict[tuple[str, str], Start]:
    """The medians by case and checkout, which take turns; the very first start of each compiles and does not count."""
    found: dict[tuple[str, str], list[Start]] = {}
    with tempfile.TemporaryDirectory(prefix="understudy-starts-") as name:
        for turn in range(count + 1):
            for number, (who, root) in enumerate(roots.items()):
                for case, home in _homes(mode, Path(name) / str(number), turn):
                    began = start(root, MODES[mode], home)
                    if turn:
                        found.setdefault((case, who), []).append(began)
    return {key: median(starts) for key, starts in found.items()}


def median(starts: list[Start]) -> Start:
    """The median of each figure."""
    return Start(
        statistics.median(one.wall for one in starts),
        min(one.best for one in starts),
        statistics.median(one.processor for one in starts),
        statistics.median(one.memory for one in starts),
    )


def start(root: Path, options: tuple[str, ...], home: Path) -> Start:
    """One start, up to a 200 of the engine list, and the stop."""
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT", "PYTHON")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"UNDERSTUDY_HOME": str(home), "UNDERSTUDY_API_KEY": KEY, "UNDERSTUDY_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0", *options]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own server
        try:
            greeting = process.stdout.readline() if process.stdout else ""
            url = f"{greeting.split()[-1]}/v1/engines/list"
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310 -- http
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- http
                answer.read()
            wall = time.perf_counter() - began
            family = [process.pid, *descendants(process.pid)]
            return Start(wall, wall, sum(map(processor, family)), sum(map(memory, family)))
        finally:
            process.terminate()


def descendants(pid: int) -> Iterator[int]:
    """The processes that this one has started, and those that they have."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text(encoding="ascii").split()):
            yield child
            yield from descendants(child)


def processor(pid: int) -> float:
    """Seconds that the threads of a process have worked, those that have ended included."""
    return time.clock_gettime((~pid << 3) | 2)  # The clock that clock_getcpuclockid(3) names on Linux.


def memory(pid: int) -> float:
    """Megabytes of a process, of shared pages its part."""
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    found = (
        re.search(r"^Pss:\s+(\d+) kB", rollup.read_text(encoding="ascii"), re.MULTILINE) if rollup.exists() else None
    )
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _row(case: str, who: str, one: Start) -> str:
    seconds = (one.wall, one.best, one.processor)
    return f"| {case} | {who} | {' | '.join(f'{value * 1000:.0f}' for value in seconds)} | {one.memory:.0f} |"


def _homes(mode: str, folder: Path, turn: int) -> list[tuple[str, Path]]:
    """The cases of a mode with the folder of each; test mode keeps nothing in it."""
    if "--test" in MODES[mode]:
        return [(mode, folder / "kept")]
    return [(f"{mode}, {KEPT}", folder / "kept"), (f"{mode}, {FRESH}", folder / f"fresh{turn}")]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=11, help="how many of each count (default %(default)s)")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout, which takes turns")
    parser.add_argument("--modes", nargs="*", choices=list(MODES), help="what is started (default: everything)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
