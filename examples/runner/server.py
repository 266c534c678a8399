"""A server for the examples when none is running: started on a free port, stopped as Ctrl-C would."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .promises import Failed, tail

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60
STOP_SECONDS = 20


@contextmanager
def server(home: Path) -> Iterator[dict[str, str]]:
    """A server with an empty store under ``home``; yields the environment its clients need."""
    key, port = f"sk-{secrets.token_hex(24)}", free_port()
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    environment |= {"UNDERSTUDY_HOME": str(home), "UNDERSTUDY_API_KEY": key, "UNDERSTUDY_CREDITS": "1000"}
    command = [sys.executable, "-m", "understudy", "serve", "--host", "127.0.0.1", "--port", str(port)]
    log = home / "examples-server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            wait_until_ready(process, f"http://127.0.0.1:{port}", log)
            yield {"API_HOST": f"http://127.0.0.1:{port}", "STABILITY_API_KEY": key}
        finally:
            stop(process)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(process: subprocess.Popen[bytes], host: str, log: Path) -> None:
    """Poll /readyz until it answers 200. Raises ``Failed`` if the server ends or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{host}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    seen = "ended" if process.poll() is not None else f"was not ready after {READY_SECONDS} s"
    raise Failed(f"the server {seen}: {tail(log.read_text(errors='replace'))}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop as Ctrl-C does, and end it if it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"the server did not stop within {STOP_SECONDS} s and was killed", file=sys.stderr)
        process.kill()
        process.wait()
