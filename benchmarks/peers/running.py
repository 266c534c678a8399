"""A contestant while it runs: started, asked until it answers, and what its processes have used."""

from __future__ import annotations

import asyncio
import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from app.store.embedded import socket_url
from app.store.place import Place
from app.store.redis_store import RedisStore
from benchmarks.peers.contestants import ROOT, Contestant, clean, mended
from benchmarks.peers.work import KEY

CREDITS = 1_000_000_000
PAUSE = 0.002
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Usage:
    """Of all processes of a server, its store apart: seconds of processor time, and bytes in memory."""

    processor: float
    memory: int
    store_processor: float
    store_memory: int


class Running:
    """A server that answers. ``started`` is how many seconds that took, from the start of its process."""

    def __init__(self, contestant: Contestant, process: psutil.Process, port: int, home: Path, started: float) -> None:
        self.contestant = contestant
        self.port = port
        self.started = started
        self._process = process
        self._home = home

    def usage(self) -> Usage:
        """What its processes have used until now."""
        processes = [self._process, *self._process.children(recursive=True)]
        store = Place(self._home).read_pid()
        ours = [process for process in processes if process.pid != store]
        stores = [process for process in processes if process.pid == store]
        return Usage(_processor(ours), _memory(ours), _processor(stores), _memory(stores))

    def balance(self) -> int:
        """What the store says that the account has left, in micro-credits."""
        return asyncio.run(self._balance())

    async def _balance(self) -> int:
        store = RedisStore(socket_url(Place(self._home).socket()))
        try:
            caller = await store.identify(KEY, None, None)
            return await store.balance(caller.organization_id)
        finally:
            await store.close()


@contextmanager
def running(contestant: Contestant, home: Path) -> Iterator[Running]:
    """Start a server and stop it again. Raises ``RuntimeError`` where it does not come up."""
    home.mkdir(parents=True, exist_ok=True)
    if contestant.mocks:
        mended(ROOT / "spec" / "v1.yaml", home)
    port = _free_port()
    given = {"UNDERSTUDY_API_KEY": KEY, "UNDERSTUDY_CREDITS": str(CREDITS), "UNDERSTUDY_HOME": str(home)}
    environment = {**clean(), **given, **contestant.environment}
    command = contestant.start(port, home)
    with (home / "output.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=contestant.folder, env=environment, stdout=log, stderr=log)  # noqa: S603 -- a contestant
        try:
            _wait(contestant, process, port, home)
            taken = time.perf_counter() - began
            yield Running(contestant, psutil.Process(process.pid), port, home, taken)
        finally:
            _stop(process)


def _wait(contestant: Contestant, process: subprocess.Popen[bytes], port: int, home: Path) -> None:
    """Ask for the engines until they are answered."""
    end = time.monotonic() + PATIENCE
    while not _answers(contestant, port):
        if process.poll() is not None or time.monotonic() > end:
            said = (home / "output.log").read_text(encoding="utf-8", errors="replace").strip()
            raise RuntimeError(f"{contestant.title} does not start: {said[-1000:]}")
        time.sleep(PAUSE)


def _answers(contestant: Contestant, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with suppress(OSError, http.client.HTTPException), closing(connection):
        connection.request("GET", f"{contestant.base}/engines/list", headers={"Authorization": KEY})
        return connection.getresponse().status == 200
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _processor(processes: list[psutil.Process]) -> float:
    return sum((process.cpu_times().user + process.cpu_times().system for process in processes), 0.0)


def _memory(processes: list[psutil.Process]) -> int:
    return sum(process.memory_info().rss for process in processes)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
