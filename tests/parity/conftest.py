"""Both sides, once for the session, and what they said of every corpus."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator

import pytest

from tests.parity.comparing import Sides, Tally
from tests.parity.contracts import DOCUMENTS
from tests.parity.generated import Generated, generated
from tests.parity.spelled import spelled

TALLIES = pytest.StashKey[dict[str, Tally]]()


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all requests."""
    with asyncio.Runner() as one:
        yield one


@pytest.fixture(scope="session")
def sides(runner: asyncio.Runner) -> Sides:
    """Stock Connexion and our server on the same contracts."""
    return Sides(runner)


@pytest.fixture(scope="session")
def cases() -> Callable[[str], tuple[Generated, ...]]:
    """What Schemathesis makes of a contract, made once."""

    @functools.cache
    def made(contract: str) -> tuple[Generated, ...]:
        return tuple(generated(contract))

    return made


@pytest.fixture(scope="session")
def tallies(
    sides: Sides, cases: Callable[[str], tuple[Generated, ...]], pytestconfig: pytest.Config
) -> dict[str, Tally]:
    """What came of comparing everything: what is spelled out, and what is generated of each contract."""
    found = {"spelled out": sides.compare(dict.fromkeys(spelled()))}
    for contract in DOCUMENTS:
        sent = (one for case in cases(contract) for one in (case.sent, case.in_brackets) if one is not None)
        found[f"generated of {contract}"] = sides.compare(dict.fromkeys(sent))
    pytestconfig.stash[TALLIES] = found
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write what was compared, and the differences by their rules."""
    for title, tally in config.stash.get(TALLIES, {}).items():
        for line in tally.lines(title):
            terminalreporter.write_line(line)
