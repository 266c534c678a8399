"""On a machine without torch the tests of the real engines are not run, and nobody can overlook that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running import ROOT

TORCHLESS = """
import importlib.util, sys
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "torch" else find_spec(name, *more)
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "tests/pipelines", "tests/unit/test_negotiation.py"]))
"""


def without_torch(**env: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the real engines, and one file beside them, as if torch were not installed."""
    command = [sys.executable, "-B", "-c", TORCHLESS]
    given = {"PATH": "/usr/bin:/bin", **env}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_it_is_said_loudly() -> None:
    """The others pass, and the summary says how many files were not run, why, and what would help."""
    done = without_torch()

    assert done.returncode == 0, done.stdout
    assert "NOT RUN: " in done.stdout
    assert "because torch is not installed (pip install '.[gpu]')" in done.stdout


@pytest.mark.parametrize("value", ["true", "1"])
def test_ci_fails(value: str) -> None:
    """A machine that decides what is merged does not let it pass."""
    done = without_torch(CI=value)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "NOT RUN: " in done.stdout + done.stderr
