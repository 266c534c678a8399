"""One running server in test mode, and worlds of one's own on it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.running import Client, Server
from understudy.testing import Understudy

_numbers = itertools.count()


@pytest.fixture(scope="session")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``understudy serve --test`` with a queue that nobody is sent away from."""
    home = tmp_path_factory.mktemp("double") / "home"
    with Server(home, "--test", UNDERSTUDY_QUEUE="10000") as running:
        yield running


@pytest.fixture
def new_key() -> Callable[..., str]:
    """Keys that nobody has used, so that each opens a world of its own."""
    return lambda ending="": f"sk-test-{next(_numbers)}{ending}"


@pytest.fixture
def key(new_key: Callable[..., str]) -> str:
    """The key of this test."""
    return new_key()


@pytest.fixture
def client(double: Server, key: str) -> Iterator[Client]:
    """A client with this test's key, which holds every answer against its contract."""
    with Client(double.url, key) as session:
        yield session


@pytest.fixture
def world(double: Server, key: str) -> Understudy:
    """What steers this test's world."""
    return Understudy(double.url, key)


@pytest.fixture
def client_of(double: Server) -> Iterator[Callable[[str], Client]]:
    """Clients with other keys."""
    with ExitStack() as open_clients:
        yield lambda key: open_clients.enter_context(Client(double.url, key))
