"""The pytest plugin: one server in test mode for the session, a world of its own for every test.

Installed with the package. The fixture is ``understudy``; under pytest-xdist all workers share one server.
No server is started before the first test asks for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from understudy.sharing import Door, knock
from understudy.testing import Facts, Understudy, check, serve

DOOR, APART = "understudy_door", "understudy_apart"
"""What the controller of pytest-xdist tells its workers: where to ask for the server, what to begin keys with."""

FACTS = ("credits", "strict", "role", "engines", "rate_limit")
"""What the marker takes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options."""
    group = parser.getgroup("understudy", "a stand-in for the Stability API")
    group.addoption(
        "--understudy-url", metavar="URL", help="Use the server in test mode at this address, and start none."
    )
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
    config.stash[STARTED] = ExitStack()
    if config.pluginmanager.hasplugin("xdist") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Controller(config), "understudy-controller")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    started = config.stash.get(STARTED, None)
    if started is not None:
        started.close()


STARTED = pytest.StashKey[ExitStack]()
ADDRESS = pytest.StashKey[str]()


class _Controller:
    """In the controller of pytest-xdist: tells every worker where to ask for the one server."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._door: Door | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # xdist is untyped
        """Called for every worker before it starts."""
        if self._config.getoption("--understudy-each"):
            return
        if self._door is None:
            self._door = Door(lambda: _own_server(self._config))
            self._config.stash[STARTED].callback(self._door.close)
        node.workerinput[DOOR] = self._door.port
        if self._config.getoption("dist", None) == "each":
            # Then the same test runs in every worker at once, and each of them has to have a world of its own.
            node.workerinput[APART] = f"{node.gateway.id}-"


def _own_server(config: pytest.Config) -> str:
    """The address of the server of this process, which is started by the first call. Raises ``RuntimeError``."""
    if ADDRESS not in config.stash:
        server = serve(*config.getini("understudy_options"))
        config.stash[ADDRESS] = config.stash[STARTED].enter_context(server)
    return config.stash[ADDRESS]


def _address(config: pytest.Config) -> str:
    """The address of the session's server. Raises ``RuntimeError``."""
    named = config.getoption("--understudy-url")
    if named:
        return check(str(named))
    door = getattr(config, "workerinput", {}).get(DOOR)
    return knock(door) if door else _own_server(config)


@pytest.fixture(scope="session")
def understudy_url(pytestconfig: pytest.Config) -> str:
    """The address of the session's server."""
    try:
        return _address(pytestconfig)
    except RuntimeError as problem:
        pytest.fail(str(problem), pytrace=False)


@pytest.fixture(scope="session")
def _understudy_apart(pytestconfig: pytest.Config) -> str:
    """What keys begin with, so that those of other runs and other workers on the same server are others."""
    if pytestconfig.getoption("--understudy-url"):
        return f"{secrets.token_hex(4)}-"
    return str(getattr(pytestconfig, "workerinput", {}).get(APART, ""))


@pytest.fixture
def understudy(request: pytest.FixtureRequest, understudy_url: str, _understudy_apart: str) -> Iterator[Understudy]:
    """A world of its own for this test, the same in every run: 100 credits unless the marker says otherwise."""
    facts = _wanted(request.node)
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    world = Understudy(understudy_url, f"sk-test-{_understudy_apart}{name}")
    world.reset()
    if facts:
        world.change(**facts)
    yield world
    world.reset()


def _wanted(node: pytest.Item) -> Facts:
    """What the test's markers say of its world, the nearest one first; a class may say one thing, a test another."""
    wanted: Facts = {}
    for marker in node.iter_markers("understudy"):
        unknown = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in FACTS)]
        if unknown:
            pytest.fail(f"the marker understudy takes {'=, '.join(FACTS)}=, not {', '.join(unknown)}", pytrace=False)
        wanted = {**marker.kwargs, **wanted}
    if "credits" in wanted:
        wanted["balance"] = wanted.pop("credits")
    return wanted
