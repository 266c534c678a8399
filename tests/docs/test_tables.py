"""The tables of the README say what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from app.cli.serve import serve
from app.settings import Limits, Settings
from tests.docs.engine_rows import HEADERS, engine_rows
from tests.docs.pages import tables, text
from tests.running import ROOT

CODE = re.compile(r"`([^`]+)`")
NOT_OURS = {"HOME", "XDG_DATA_HOME"}


class Noting(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _variables() -> dict[str, str | None]:
    """Every variable of the two tables with its default; None where there is none."""
    configuration = {_code(row[0]): _default(row[2]) for row in tables("README.md", "Configuration")[0]}
    limits = {_code(row[0]): _default(row[1]) for row in tables("README.md", "Limits")[0]}
    return configuration | limits


def _code(cell: str) -> str:
    return CODE.findall(cell)[0]


def _default(cell: str) -> str | None:
    return None if cell == "none" else _code(cell)


def test_the_engines_are_those_of_the_catalog() -> None:
    """Every engine, in the order of the API, with its tasks, sizes and prices."""
    table = tables("README.md", "Engines")[0]

    assert f"| {' | '.join(HEADERS)} |" in text("README.md")
    assert table == engine_rows()


def test_every_setting_is_documented() -> None:
    """The tables name exactly the variables that the server reads."""
    environment = Noting()
    Settings.from_mapping(environment)

    assert set(_variables()) == environment.asked - NOT_OURS


@pytest.mark.parametrize(("variable", "default"), sorted(_variables().items()))
def test_defaults_are_what_they_are_said_to_be(variable: str, default: str | None) -> None:
    """Setting a variable to its documented default changes nothing."""
    given = Settings.from_mapping({"HOME": "/", **({} if default is None else {variable: default})})

    assert given == Settings.from_mapping({"HOME": "/"})


def test_the_limits_are_all_there() -> None:
    """The table of limits has a row for each limit, and its numbers are those of the code."""
    rows = tables("README.md", "Limits")[0]
    limits = Limits()

    documented = sorted(float(_code(row[1])) for row in rows)

    assert documented == sorted(float(getattr(limits, name)) for name in limits.__slots__)


def test_every_option_stands_by_its_variable() -> None:
    """Each option of `understudy serve` is in the row of the variable that its help names, and no other."""
    documented = {_code(row[1]): _code(row[0]) for row in tables("README.md", "Configuration")[0] if row[1]}

    in_help = {
        option.opts[0]: found[1]
        for option in serve.params
        if (found := re.search(r"\(([A-Z_]+)[;)]", getattr(option, "help", None) or ""))
    }

    assert documented == in_help


def test_every_error_is_documented() -> None:
    """The table of errors has exactly the statuses and names that the dialect can say."""
    source = (ROOT / "app" / "dialects" / "stability" / "wording.py").read_text()
    said = set(re.findall(r'Wording\(\s*(\d{3}), "(\w+)"', source))

    documented = {(row[0], _code(row[1])) for row in tables("README.md", "Errors")[0]}

    assert documented == said


def test_the_rate_limit_is_the_one_in_the_text() -> None:
    """The README's sentence on the rate limit has the numbers of the settings."""
    settings = Settings()
    sentence = (
        f"{settings.rate_requests} requests in {settings.rate_window} seconds for each key and then refused that key "
        f"for {settings.rate_lockout} seconds"
    )

    assert sentence in " ".join(text("README.md").split())
