"""Understudy and its peers, side by side on this machine: ``make bench``.

Progress goes to the terminal, the tables to standard output.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import pictures
from benchmarks.peers import load, pages, report
from benchmarks.peers.chart import chart
from benchmarks.peers.contestants import FLASK, Contestant, contestants, prism_is_here
from benchmarks.peers.options import read
from benchmarks.peers.probe import NotDone
from benchmarks.peers.results import Memory, Results, machine
from benchmarks.peers.rounds import Match, Plan
from benchmarks.peers.running import running
from benchmarks.peers.sizes import size_of
from benchmarks.peers.work import works

QUICK_PICTURES = 1


def main(arguments: Sequence[str]) -> None:
    """Measure what was asked for. Ends with the reason where a contestant did not do its work."""
    asked = read(arguments)
    if asked.read:
        results = Results.of_plain(json.loads(asked.read.read_text(encoding="utf-8")))
    else:
        results = Results({**machine(), "command": _command(asked, arguments)})
        _run(asked, results)
    _hand_out(asked, results)


def tell(line: str) -> None:
    """Progress, for whoever waits."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _run(asked: argparse.Namespace, results: Results) -> None:
    if "http" in asked.parts:
        load.program()
    _tell_who_is_missing(asked)
    taking_part = contestants(asked.only, asked.processes, asked.before)
    try:
        with TemporaryDirectory(prefix="understudy-bench-") as folder:
            _measure(asked, taking_part, results, Path(folder))
    except (NotDone, RuntimeError) as problem:
        raise SystemExit(str(problem)) from problem


def _measure(asked: argparse.Namespace, taking_part: Sequence[Contestant], results: Results, folder: Path) -> None:
    if "sizes" in asked.parts:
        results.sizes = {one.name: size_of(one.name) for one in taking_part if one.name != "before"}
    if "pictures" in asked.parts:
        tell("pictures, without HTTP")
        results.pictures = pictures.rows(QUICK_PICTURES) if asked.quick else pictures.rows()
    if "starts" in asked.parts:
        _start(taking_part, asked.starts, results, folder)
    if "http" in asked.parts:
        _load(asked, taking_part, results, folder)


def _start(taking_part: Sequence[Contestant], count: int, results: Results, folder: Path) -> None:
    """Start each some times, in turn; the first start makes the home that the others find and does not count.

    Where one start is all, it counts.
    """
    for number in range(0 if count > 1 else 1, count + 1):
        tell(f"start {number} of {count}")
        for one in taking_part:
            with running(one, folder / f"start-{one.id}") as server:
                if number:
                    results.starts.setdefault(one.id, []).append(server.started)


def _load(asked: argparse.Namespace, taking_part: Sequence[Contestant], results: Results, folder: Path) -> None:
    requests = folder / "requests"
    requests.mkdir()
    chosen = [work for work in works() if work.name in asked.work]
    plan = Plan(chosen, asked.connections, asked.rounds, asked.seconds, requests)
    many = asked.rounds * len(asked.connections) * len(taking_part) * len(chosen)
    tell(f"{many} measurements, about {many * (asked.seconds + 0.5) / 60:.0f} minutes")
    with ExitStack() as up:
        servers = [up.enter_context(running(one, folder / one.id)) for one in taking_part]
        match = Match(servers, plan, tell)
        results.samples.extend(match.samples())
        results.proofs = match.proofs()
        for server in servers:
            usage = server.usage()
            results.memory[server.contestant.id] = Memory(usage.memory, usage.store_memory)


def _hand_out(asked: argparse.Namespace, results: Results) -> None:
    tables = report.complete(results)
    sys.stdout.write(tables)
    if asked.out:
        asked.out.write_text(tables, encoding="utf-8")
    if asked.json:
        asked.json.write_text(json.dumps(results.plain(), indent=2) + "\n", encoding="utf-8")
    if asked.chart:
        asked.chart.write_text(chart(results), encoding="utf-8")
    if asked.publish:
        pages.publish(results)


def _command(asked: argparse.Namespace, arguments: Sequence[str]) -> str:
    """How this run can be repeated on another machine, where the other checkout lies somewhere else."""
    words = " ".join(arguments)
    return f"make bench ARGS='{words.replace(str(asked.before), 'FOLDER') if asked.before else words}'"


def _tell_who_is_missing(asked: argparse.Namespace) -> None:
    if "prism" in asked.only and not prism_is_here():
        tell("Prism is left out: it needs Node.js and npm")
    if "flaskapp" in asked.only and not FLASK.is_dir():
        tell("Connexion FlaskApp is left out: `make bench` installs Flask for it")


if __name__ == "__main__":
    main(sys.argv[1:])
