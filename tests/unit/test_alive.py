"""The sign of life that a server gives its store, by which others know not to give back its open charges."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, cast

import pytest

from app import logs, main
from app.errors import GalleryUnavailable, StoreUnavailable
from app.gallery.folder import Gallery
from app.settings import Settings
from app.store import ledger
from app.store.redis_store import RedisStore
from app.web.operation import ASGIApp
from app.worlds.books import Books

ENOUGH = 6


class FlickeringStore:
    """A store that is away every other time, and notes each sign of life it is given."""

    def __init__(self) -> None:
        self.signs: list[bool] = []
        self.enough = asyncio.Event()

    async def recover(self, *, exclusive: bool) -> None:
        self.signs.append(exclusive)
        if len(self.signs) == ENOUGH:
            self.enough.set()
        if len(self.signs) % 2:
            raise StoreUnavailable("away")


def test_a_server_goes_on_telling_its_store_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again, also after the store was away, and never as if it were the only server."""
    monkeypatch.setattr(main, "SIGN_OF_LIFE", 0.001)

    signs = asyncio.run(signs_of_life())

    assert signs[:ENOUGH] == [False] * ENOUGH


def test_the_store_forgets_a_server_only_after_several_missed_signs() -> None:
    """A server that lives is not taken for dead because one sign was late: there are three to its memory."""
    assert main.SIGN_OF_LIFE * 3 <= ledger.HEARTBEAT


def test_a_server_goes_on_clearing_away_old_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again and again, also after the folder could not be used."""
    monkeypatch.setattr(main, "SIGN_OF_LIFE", 0.001)
    gallery = LockedGallery()

    asyncio.run(until(gallery.enough, main._keep_tidy(cast("Gallery", gallery))))

    assert gallery.sweeps >= ENOUGH


def test_a_slow_disk_does_not_keep_the_sign_of_life_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who clears away pictures for minutes is not taken for dead, and its open charges are not given back."""
    monkeypatch.setattr(main, "SIGN_OF_LIFE", 0.001)
    monkeypatch.setattr(logs, "start", lambda _: None)  # It would take the log away from all later tests.
    store = FlickeringStore()
    monkeypatch.setattr(Gallery, "sweep", lambda _: asyncio.Event().wait())
    monkeypatch.setattr(Books, "recover", lambda _, *, exclusive: store.recover(exclusive=exclusive))

    asyncio.run(until(store.enough, lifetime(main.create(Settings.from_mapping({"UNDERSTUDY_TEST": "on"})))))

    assert len(store.signs) >= ENOUGH


class LockedGallery:
    """A gallery whose folder can never be used; counts the attempts."""

    def __init__(self) -> None:
        self.sweeps = 0
        self.enough = asyncio.Event()

    async def sweep(self) -> None:
        """Fail."""
        self.sweeps += 1
        if self.sweeps == ENOUGH:
            self.enough.set()
        raise GalleryUnavailable("locked")


async def signs_of_life() -> list[bool]:
    """What a store is told until it was told enough."""
    store = FlickeringStore()
    await until(store.enough, main._stay_alive(cast("RedisStore", store)))
    return store.signs


async def lifetime(server: ASGIApp) -> None:
    """Start a server and let it run until it is cancelled."""
    started = asyncio.Event()

    async def receive() -> dict[str, str]:
        if started.is_set():
            await asyncio.Event().wait()
        started.set()
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        assert message["type"] != "lifespan.startup.failed", message

    await server({"type": "lifespan"}, receive, send)


async def until(enough: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Let endless work go on until it is enough."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(enough.wait())
    await asyncio.wait([working, waiting], timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in (working, waiting):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
