"""Says one word to a server on a unix socket, without a client library.

The embedded store must be watched before redis-py is loaded and from threads that have no event loop.
"""

from __future__ import annotations

import socket
from pathlib import Path


def ask(path: Path, command: str, timeout: float = 1.0) -> str | None:
    """The first line of the answer to ``command``; None when nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(timeout)
        try:
            line.connect(str(path))
            line.sendall(command.encode() + b"\r\n")
            answer = line.recv(512)
        except OSError:
            return None
    return answer.decode("utf-8", "replace").partition("\r\n")[0] if answer else None


def answers(path: Path) -> bool:
    """Whether a server that has finished loading its data listens there."""
    return ask(path, "PING") == "+PONG"
