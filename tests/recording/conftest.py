"""A service to record from, which is a second Understudy with a key and a balance of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running import Client, Server

OWNERS = "sk-" + "Own3rsK" * 6
"""The key that the real service knows; the callers' is ``tests.running.KEY``."""


class Caller(Client):
    """A client with the callers' key, and the server it talks to."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.url)
        self.server = server


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real service, as far as the recording server can see."""
    home = tmp_path_factory.mktemp("service") / "home"
    with Server(home, UNDERSTUDY_API_KEY=OWNERS, UNDERSTUDY_CREDITS="100000") as running:
        yield running


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """The folder of recordings."""
    return tmp_path / "tape"


@pytest.fixture
def record(make_server: Callable[..., Server], tape: Path) -> Callable[..., Caller]:
    """Start a server that records from the service at a URL; its caller."""

    def start(url: str, *options: str, key: str = OWNERS, home: str = "recorder", **env: str) -> Caller:
        asked = ("--upstream", url, "--record", str(tape), *options)
        return Caller(make_server(*asked, home=home, UNDERSTUDY_UPSTREAM_KEY=key, **env))

    return start


@pytest.fixture
def replay(make_server: Callable[..., Server], tape: Path) -> Callable[..., Caller]:
    """Start a server that replays the folder; its caller."""

    def start(home: str = "replayer", **env: str) -> Caller:
        return Caller(make_server("--replay", str(tape), home=home, **env))

    return start


def exchanges(tape: Path) -> list[str]:
    """The names of the exchanges in a folder, in order."""
    return sorted(path.name for path in tape.iterdir() if path.is_dir())
