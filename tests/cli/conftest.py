"""Runs commands in process, on a home whose store is kept running so that each takes milliseconds."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.store.embedded import EmbeddedStore
from app.store.whisper import ask

Run = Callable[..., Result]
Read = Callable[..., Any]


@pytest.fixture(scope="session")
def served_home() -> Iterator[tuple[Path, EmbeddedStore]]:
    """A home whose store runs for the whole session, as while a server is up."""
    home = Path(tempfile.mkdtemp(prefix="understudy-cli-"))
    with EmbeddedStore(home) as store:
        yield home, store
    shutil.rmtree(home)


@pytest.fixture
def run(served_home: tuple[Path, EmbeddedStore]) -> Run:
    """Runs `understudy …` on an empty store."""
    home, store = served_home
    assert ask(Path(store.url.removeprefix("unix://")), "FLUSHALL") == "+OK"

    def command(*words: str, **env: str) -> Result:
        given = {"UNDERSTUDY_HOME": str(home), "REDIS_URL": "", **env}
        return CliRunner().invoke(main, words, env=given, prog_name="understudy", catch_exceptions=False)

    return command


@pytest.fixture
def read(run: Run) -> Read:
    """Runs `understudy … --json`, which must work, and reads the answer."""

    def command(*words: str) -> Any:
        result = run(*words, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    return command
