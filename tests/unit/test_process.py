"""How a process that serves begins: with what it needs, and without looking for garbage."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.process import uncollected
from tests.running import ROOT

NEVER = ("app.hall", "app.intercept", "app.recording", "engines.weights", "engines.worker", "numpy", "PIL")
"""What serves real engines, recordings and the first picture."""


@pytest.fixture
def freed() -> Iterator[None]:
    """Gives back afterwards what was taken out of the search for garbage."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("freed")
def test_a_start_looks_for_no_garbage() -> None:
    """While a server is put together no garbage is looked for; afterwards it is, but not among what was made."""
    before = gc.get_freeze_count()

    with uncollected():
        during = gc.isenabled()
        made = [[one] for one in range(100)]

    assert (during, gc.isenabled()) == (False, True)
    assert gc.get_freeze_count() > before + len(made)


@pytest.mark.usefixtures("freed")
def test_a_start_that_fails_leaves_garbage_to_be_found() -> None:
    """A server that cannot be put together does not keep the process from cleaning up."""
    with pytest.raises(ValueError, match="no store"), uncollected():
        raise ValueError("no store")

    assert gc.isenabled()


@pytest.mark.parametrize(
    ("settings", "left_out"),
    [({"REDIS_URL": "redis://127.0.0.1:1"}, (*NEVER, "app.double")), ({"UNDERSTUDY_TEST": "on"}, (*NEVER, "redis"))],
)
def test_what_the_settings_do_not_want_is_not_loaded(settings: dict[str, str], left_out: tuple[str, ...]) -> None:
    """A start does not wait for the code of real engines, recordings and pictures, or of the mode it is not in."""
    env = {"UNDERSTUDY_HOME": "/nonexistent", **settings}
    program = f"""
import sys
from app.process import application
from app.settings import Settings
application(Settings.from_mapping({env}))
print(sorted(name for name in {left_out} if name in sys.modules))
"""

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
