"""The server that is measured: a process on the loopback address, and what it takes of the machine."""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]  # ships no types

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk-" + "Bench000" * 6
SETTINGS = {
    "UNDERSTUDY_API_KEY": KEY,
    "UNDERSTUDY_CREDITS": "100000000",
    "UNDERSTUDY_LOG_LEVEL": "error",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A server that runs; ``pid`` is the process that answers."""

    url: str
    pid: int

    def connect(self) -> http.client.HTTPConnection:
        """A connection that stays open."""
        address = urlsplit(self.url)
        return http.client.HTTPConnection(address.hostname or "", address.port, timeout=600)


def choices() -> argparse.ArgumentParser:
    """The options that say which server is measured, as a parent of a parser."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
    parser.add_argument("--source", type=Path, default=ROOT, help="another checkout, to compare with")
    return parser


def chosen(options: argparse.Namespace) -> AbstractContextManager[Subject]:
    """The server that these options ask for."""
    return served(options.source, **dict(word.split("=", 1) for word in options.set))


@contextmanager
def served(source: Path = ROOT, program: str = "understudy", **settings: str) -> Iterator[Subject]:
    """One process of the code in ``source``, with ``settings`` for its environment, stopped on leaving."""
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with TemporaryDirectory() as home:
        environment = {**inherited, **SETTINGS, "UNDERSTUDY_HOME": home, **settings}
        command = [sys.executable, "-m", program, "serve", "--port", "0"]
        with subprocess.Popen(command, cwd=source, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own server
            try:
                greeting = process.stdout.readline() if process.stdout else ""
                if "http" not in greeting:
                    raise SystemExit("the server did not start")
                yield Subject(greeting.split()[-1], process.pid)
            finally:
                process.terminate()


def processor(pid: int) -> float:
    """Seconds in which the processor worked for a process so far, all threads that are alive together."""
    if pid == os.getpid():
        return time.process_time()
    threads = Path(f"/proc/{pid}/task")
    if threads.exists():  # Linux counts nanoseconds here, and hundredths of a second elsewhere.
        return sum(int((thread / "schedstat").read_text("ascii").split()[0]) for thread in threads.iterdir()) / 1e9
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def resident(pid: int) -> int:
    """Bytes of a process that are in memory now."""
    return int(psutil.Process(pid).memory_info().rss)


def peak(pid: int) -> int:
    """The most bytes of a process that were in memory since ``forget_peak``, which only Linux knows."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def forget_peak(pid: int) -> None:
    """Begin to look for the highest figure anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
