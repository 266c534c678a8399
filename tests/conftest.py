"""Fixtures that every test may use: one running server for the session, clients of it, servers of one's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import Client, Server

NOT_RUN = pytest.StashKey[dict[str, int]]()
"""How many tests were left out for want of which program."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests that need a program which is not here; a machine that decides on changes must have them all."""
    missing: dict[str, int] = {}
    for item in list(items):
        lacking = [mark.args[0] for mark in item.iter_markers("needs") if shutil.which(mark.args[0]) is None]
        for program in lacking:
            missing[program] = missing.get(program, 0) + 1
        if lacking:
            items.remove(item)
    config.stash[NOT_RUN] = missing
    if missing and os.environ.get("CI"):
        raise pytest.UsageError(f"these tests need {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in red what was not run."""
    for program, count in config.stash.get(NOT_RUN, {}).items():
        line = f"NOT RUN: {count} tests, because {program} is not installed"
        terminalreporter.write_sep("!", line, red=True, bold=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with plenty of credits, shared by all tests that change nothing but the balance."""
    home = tmp_path_factory.mktemp("understudy") / "home"
    with Server(home, UNDERSTUDY_CREDITS="1000000", UNDERSTUDY_DAILY_CREDITS="1000000") as running:
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
