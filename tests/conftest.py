"""Fixtures that every test may use: one running server for the session, clients of it, servers of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import Client, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with plenty of credits, shared by all tests that change nothing but the balance."""
    home = tmp_path_factory.mktemp("understudy") / "home"
    with Server(home, UNDERSTUDY_CREDITS="1000000") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A client of the shared server with its key."""
    with Client(server.url, server.key) as session:
        yield session


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers of one's own, with settings of one's own; they are stopped after the test."""
    started: list[Server] = []

    def make(*options: str, home: str = "home", **env: str) -> Server:
        server = Server(tmp_path / home, *options, **env)
        started.append(server)
        return server.start()

    yield make
    for server in started:
        server.__exit__()
