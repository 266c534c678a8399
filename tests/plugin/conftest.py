"""Projects as users have them, each with tests of its own that a pytest of its own runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.projects import Project
from tests.running import Server


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a package called `app`, as half of the world has one."""
    return Project(tmp_path)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server in test mode that somebody else has started."""
    server = Server(tmp_path_factory.mktemp("running") / "home", "--test")
    with server:
        yield server
