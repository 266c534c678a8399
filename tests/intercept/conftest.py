"""A folder with certificates, proxies with limits of one's own, and the command before the shared server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.intercept.cabinet import Cabinet
from app.intercept.proxy import Limits
from tests.intercept.proxies import HOST, Command, InThread
from tests.running import Server

MakeProxy = Callable[..., InThread]
MakeCommand = Callable[..., Command]


@pytest.fixture(scope="session")
def cabinet(tmp_path_factory: pytest.TempPathFactory) -> Cabinet:
    """Certificates for the real service's host."""
    made = Cabinet(tmp_path_factory.mktemp("certificates"))
    made.prepare([HOST])
    return made


@pytest.fixture
def make_proxy(cabinet: Cabinet) -> Iterator[MakeProxy]:
    """Start proxies before a server; they are stopped after the test."""
    with ExitStack() as stack:

        def make(upstream: str, **limits: Any) -> InThread:
            return stack.enter_context(InThread(upstream, cabinet, replace(Limits(), **limits)))

        yield make


@pytest.fixture
def make_command(tmp_path: Path) -> Iterator[MakeCommand]:
    """Run the command; it is stopped after the test."""
    started: list[Command] = []

    def make(*options: str, **env: str) -> Command:
        started.append(Command(tmp_path / "home", *options, **env))
        return started[-1]

    yield make
    for command in started:
        command.stop()


@pytest.fixture(scope="module")
def intercepting(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command before the shared server."""
    command = Command(tmp_path_factory.mktemp("intercept") / "home", "--to", server.url)
    try:
        yield command.start()
    finally:
        command.stop()
