"""How the workers of one test run come to share a server that none of them owns.

Whoever outlives them keeps a door on this machine: who knocks is told the address, and the first
knock starts the server. So nothing is started where nobody asks.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

HERE = "127.0.0.1"
PATIENCE = 90.0
"""Seconds until a door must answer: those that a server may take to start, and some."""


class Door:
    """Tells everyone who knocks what ``address`` returns; that is called for each, in a thread of its own."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._open = True
        self._socket = socket.create_server((HERE, 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._answer, name="understudy-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Return when nobody is being answered any more."""
        self._open = False
        with socket.create_connection((HERE, self.port)):  # Wakes the thread, on every system.
            self._thread.join()
        self._socket.close()

    def _answer(self) -> None:
        while True:
            visitor, _ = self._socket.accept()
            with visitor:
                if not self._open:
                    return
                visitor.sendall(json.dumps(self._told()).encode())

    def _told(self) -> dict[str, str]:
        try:
            return {"address": self._address()}
        except (RuntimeError, OSError) as problem:
            return {"problem": str(problem)}


def knock(port: int) -> str:
    """The address behind the door at ``port``. Raises ``RuntimeError`` with the reason where there is none."""
    try:
        with socket.create_connection((HERE, port), timeout=PATIENCE) as door, door.makefile("rb") as answer:
            told: dict[str, Any] = json.load(answer)
    except (OSError, ValueError) as problem:
        raise RuntimeError(f"the process that started this one does not say where Understudy is: {problem}") from None
    if "problem" in told:
        raise RuntimeError(told["problem"])
    return str(told["address"])
