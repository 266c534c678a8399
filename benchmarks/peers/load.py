"""Loads a server with wrk: one thread, some connections, one request over and over."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SCRIPT = Path(__file__).with_name("load.lua")
PATIENCE = 60
"""Seconds that wrk may take beyond the time it was given, until every connection has its answer."""
MISSING = "wrk is missing. On Debian and Ubuntu: apt-get install wrk. On macOS: brew install wrk."


@dataclass(frozen=True, slots=True)
class Figures:
    """What wrk counted.

    ``bytes`` are those of whole answers, heads included. ``refused`` are answers with a status of 400 and more,
    ``lost`` requests without an answer. ``p50`` and ``p99`` are latencies in microseconds.
    """

    requests: int
    bytes: int
    seconds: float
    refused: int
    lost: int
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A request as it goes over the wire, in a file, to be sent over ``connections`` for ``seconds``.

    ``first`` is where the numbers begin that make each request another one; None where all are the same.
    """

    request: Path
    connections: int
    seconds: float
    first: int | None = None


def program() -> str:
    """Where wrk is; ends the program with how to get it where there is none."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit(MISSING)
    return found


def fire(port: int, shot: Shot) -> Figures:
    """Load the server at this port. Raises ``RuntimeError`` where wrk fails or a server does not answer."""
    longest = round(shot.seconds) + PATIENCE
    command = [program(), "-t1", f"-c{shot.connections}", f"-d{longest}s", f"--timeout={PATIENCE}s", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{port}", "--", str(shot.request), str(shot.seconds), str(shot.connections)]
    command += [] if shot.first is None else [str(shot.first)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:  # noqa: S603 -- wrk
        told = threading.Thread(target=_end_when_drained, args=(process, process.stderr), daemon=True)
        told.start()
        output = process.stdout.read() if process.stdout else ""
        told.join()
    return _read(output)


def _end_when_drained(process: subprocess.Popen[str], told: IO[str]) -> None:
    for line in told:
        if line.strip() == "drained":
            process.send_signal(signal.SIGINT)


def _read(output: str) -> Figures:
    for line in output.splitlines():
        if line.startswith("figures "):
            figures = Figures(**json.loads(line.removeprefix("figures ")))
            if figures.seconds <= 0:
                raise RuntimeError("the server left requests without an answer")
            return figures
    raise RuntimeError(f"wrk failed: {output.strip()[-500:]}")
