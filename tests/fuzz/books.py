"""The credits of a server's first organization, read from its store while it runs."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path

from app.accounts.model import ChargeState
from app.accounts.names import OWNER_EMAIL
from app.store.attach import attach
from app.store.redis_store import RedisStore
from tests.running import Server

PATIENCE = 10.0


@dataclass(frozen=True)
class Books:
    """Amounts in micro-credits; ``settled`` and ``given_back`` count charges by how they ended."""

    balance: int
    open: int
    spent: int
    settled: int
    given_back: int


def books(server: Server, *, wait: bool = True) -> Books:
    """How the books stand; with ``wait``, once no charge is open, or after some seconds all the same."""
    end = time.monotonic() + PATIENCE
    found = _read(server)
    while wait and found.open and time.monotonic() < end:
        time.sleep(0.02)
        found = _read(server)
    return found


def _read(server: Server) -> Books:
    with attach(server.home) as url:
        return asyncio.run(_ask(url))


async def _ask(url: str) -> Books:
    store = RedisStore(url)
    try:
        owner = await store.organization((await store.account(OWNER_EMAIL)).memberships[0].id)
        entries = await store.journal(owner.id, 100_000)
    finally:
        await store.close()
    settled = [entry for entry in entries if entry.state is ChargeState.SETTLED]
    assert owner.spent == sum(entry.spent for entry in settled)
    return Books(owner.balance, owner.open, owner.spent, len(settled), len(entries) - len(settled))


def resident(server: Server) -> int:
    """How much memory the server's process holds, in bytes; 0 where the system does not say it in a file."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0
