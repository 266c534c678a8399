"""Runs a server in test mode for as long as it is needed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PATIENCE = 30.0
"""Seconds until a server must be ready, and until it must have ended."""


@contextlib.contextmanager
def serve(*options: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run ``understudy serve --test`` on a free port for as long as the block lasts, and give its address.

    ``options`` are further options of the command (``"--strict"``), ``env`` further variables. The server
    ends with this process, even if that is killed. Raises ``RuntimeError`` with its output if it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="understudy-") as home:
        process = _start(Path(home), options, env or {})
        try:
            yield _address(process, Path(home))
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _start(home: Path, options: Iterable[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # Neither the modules of the folder we are in nor a Ctrl-C that is meant for the tests are for the server.
    program = [sys.executable, "-P", "-m", "understudy"]
    with (home / "output").open("wb") as output:
        return subprocess.Popen(  # noqa: S603 -- our own program
            [*program, "serve", "--test", "--port", "0", "--end-with-parent", *options],
            env={**clean, "UNDERSTUDY_HOME": str(home / "home"), "UNDERSTUDY_LOG_LEVEL": "warning", **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _address(process: subprocess.Popen[bytes], home: Path) -> str:
    """The address that a starting server prints; it answers from then on."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        for line in (home / "output").read_text(errors="replace").splitlines():
            if line.startswith("Understudy listens on "):
                return line.rpartition(" ")[2]
        threading.Event().wait(0.005)
    process.kill()
    process.wait()
    raise RuntimeError(f"understudy did not start:\n{(home / 'output').read_text(errors='replace')}")
