"""Every store test runs twice: on the embedded default and on a real Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.servers import Embedded, RealRedis, Server


@pytest.fixture(scope="session", params=[Embedded, RealRedis], ids=["embedded", "redis"])
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server for the session; tests make accounts of their own on it."""
    server: Server = request.param()
    yield server
    server.close()


@pytest.fixture
def server(running: Server) -> Server:
    """A server with nothing in it, neither data nor scripts."""
    assert running.tell("FLUSHALL") == "+OK"
    assert running.tell("SCRIPT FLUSH") == "+OK"
    return running


@pytest.fixture
def url(server: Server) -> str:
    """The address of an empty server."""
    return server.url
