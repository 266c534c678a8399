"""Callers other than the first account, made on the shared server by its command line; and a second opinion.

Whatever the tests of this folder send is put to stock Connexion as well (``tests/parity``).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.parity.comparing import Sides
from tests.parity.overheard import Overheard
from tests.running import Client, Server, understudy

OVERHEARD = pytest.StashKey[Overheard]()


@pytest.fixture(scope="session")
def overheard(pytestconfig: pytest.Config) -> Iterator[Overheard]:
    """What was sent so far, and what stock Connexion said of it."""
    with asyncio.Runner() as runner:
        pytestconfig.stash[OVERHEARD] = heard = Overheard(Sides(runner))
        yield heard


@pytest.fixture(autouse=True)
def _judged_alike(overheard: Overheard) -> Iterator[None]:
    """Each request of each test is taken, or refused for the same reason, by stock Connexion's validation."""
    with overheard.listening():
        yield
    assert overheard.differences() == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write how many requests were put to stock Connexion."""
    if OVERHEARD in config.stash:
        for line in config.stash[OVERHEARD].tally.lines("sent by tests/wire"):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def new_account(server: Server) -> Callable[[str], dict[str, Any]]:
    """Make an account with an organization of its own and so many credits."""

    def make(credits: str) -> dict[str, Any]:
        email = f"{secrets.token_hex(8)}@example.com"
        made = understudy("accounts", "create", "--email", email, "--credits", credits, "--json", home=server.home)
        assert made.returncode == 0, made.stderr
        account: dict[str, Any] = json.loads(made.stdout)
        return account

    return make


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers with settings of their own, for all tests of a module."""
    with ExitStack() as running:

        def begin(*options: str, **env: str) -> Server:
            return running.enter_context(Server(tmp_path_factory.mktemp("own") / "home", *options, **env))

        yield begin


@pytest.fixture
def other(new_account: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A second account with 50 credits, for this test alone."""
    return new_account("50")


@pytest.fixture(scope="session")
def _penniless_key(new_account: Callable[[str], dict[str, Any]]) -> str:
    return str(new_account("0")["key"]["secret"])


@pytest.fixture
def penniless(server: Server, _penniless_key: str) -> Iterator[Client]:
    """A client whose organization has nothing."""
    with Client(server.url, _penniless_key) as session:
        yield session
