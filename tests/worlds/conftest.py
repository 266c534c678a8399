"""Worlds without a server, and the embedded store to compare their books with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.worlds.world import World
from app.worlds.worlds import Worlds
from tests.store.servers import Embedded


@pytest.fixture
def worlds() -> Worlds:
    """No world is open yet."""
    return Worlds()


@pytest.fixture
def world(worlds: Worlds) -> World:
    """One world with 100 credits."""
    return worlds.open("sk-test-ada")


@pytest.fixture(scope="session")
def store_url() -> Iterator[str]:
    """The address of an embedded store."""
    store = Embedded()
    yield store.url
    store.close()
