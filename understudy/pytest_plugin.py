"""The pytest plugin: one server in test mode for the session, a world of its own for every test.

Installed with the package. The fixture is ``understudy``; under pytest-xdist all workers share one server.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from understudy.testing import Understudy, serve

URL = "understudy_url"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options."""
    group = parser.getgroup("understudy", "a stand-in for the Stability API")
    group.addoption("--understudy-url", help="Use the server in test mode at this address; none: start one.")
    group.addoption(
        "--understudy-each",
        action="store_true",
        help="Under pytest-xdist, start one server for each worker instead of one for all.",
    )
    parser.addini("understudy_options", "Options of `understudy serve --test`, such as --strict.", type="args")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the part that only pytest-xdist calls."""
    config.addinivalue_line(
        "markers",
        "understudy(credits=100, strict=False, role='ADMIN', engines=None, rate_limit=None): how the world begins",
    )
    config.stash[SERVERS] = ExitStack()
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Shared(config), "understudy-shared")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    servers = config.stash.get(SERVERS, None)
    if servers is not None:
        servers.close()


SERVERS = pytest.StashKey[ExitStack]()
ADDRESS = pytest.StashKey[str]()


class _Shared:
    """In the controller of pytest-xdist: starts the one server, and tells every worker where it is."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # xdist is untyped
        """Called for every worker before it starts."""
        if not self._config.getoption("--understudy-each"):
            node.workerinput[URL] = _address(self._config)


def _address(config: pytest.Config) -> str:
    """The address of the session's server, which is started when the first test asks for it."""
    told = getattr(config, "workerinput", {}).get(URL) or config.getoption("--understudy-url")
    if told:
        return str(told)
    if ADDRESS not in config.stash:
        server = serve(*config.getini("understudy_options"))
        config.stash[ADDRESS] = config.stash[SERVERS].enter_context(server)
    return config.stash[ADDRESS]


@pytest.fixture(scope="session")
def understudy_url(pytestconfig: pytest.Config) -> str:
    """The address of the session's server."""
    return _address(pytestconfig)


@pytest.fixture(scope="session")
def _understudy_run(pytestconfig: pytest.Config) -> str:
    """What keeps this run apart from others on a server that outlives it; nothing where the server is our own."""
    return f"{secrets.token_hex(4)}-" if pytestconfig.getoption("--understudy-url") else ""


@pytest.fixture
def understudy(request: pytest.FixtureRequest, understudy_url: str, _understudy_run: str) -> Iterator[Understudy]:
    """A world of its own for this test, the same in every run: 100 credits unless the marker says otherwise."""
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    world = Understudy(understudy_url, f"sk-test-{_understudy_run}{name}")
    world.reset()
    marker = request.node.get_closest_marker("understudy")
    if marker is not None:
        facts = dict(marker.kwargs)
        if "credits" in facts:
            facts["balance"] = facts.pop("credits")
        world.change(**facts)
    yield world
    world.reset()
