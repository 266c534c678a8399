"""The sign of life that a server gives its store, by which others know not to give back its open charges."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

import pytest

from app import main
from app.errors import GalleryUnavailable, StoreUnavailable
from app.gallery.folder import Gallery
from app.store import ledger
from app.store.redis_store import RedisStore

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

    asyncio.run(signs_of_life(gallery))

    assert gallery.sweeps >= ENOUGH


class LockedGallery:
    """A gallery whose folder can never be used; counts the attempts."""

    def __init__(self) -> None:
        self.sweeps = 0

    async def sweep(self) -> None:
        """Fail."""
        self.sweeps += 1
        raise GalleryUnavailable("locked")


async def signs_of_life(gallery: LockedGallery | None = None) -> list[bool]:
    """What a store is told until it was told enough."""
    store, gallery = FlickeringStore(), gallery or LockedGallery()
    alive = asyncio.create_task(main._stay_alive(cast("RedisStore", store), cast("Gallery", gallery)))
    waiting = asyncio.create_task(store.enough.wait())
    await asyncio.wait([alive, waiting], timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in (alive, waiting):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return store.signs
