"""Whole runs of pytest in somebody's project: markers, repetition, options, and how servers begin and end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.plugin.projects import Project, is_gone
from tests.running import PATIENCE, Server

DRAWING = """
import app
import pathlib
import pytest

@pytest.mark.parametrize("number", range(2))
def test_draw(understudy, number):
    status, headers, body = app.draw("a barn")
    assert status == 200
    pathlib.Path(f"seed-{number}").write_text(headers["Seed"])
"""
"""Draws two pictures without a seed, each in a test of its own, and notes what seeds they were drawn with."""

ASLEEP = """
import pathlib
import time

def test_sleep(understudy):
    draft = pathlib.Path("draft")
    draft.write_text(understudy.url)
    draft.rename("url-1")
    time.sleep(600)
"""
"""Notes the server's address and then does nothing for very long."""


def test_markers_say_how_a_world_begins(project: Project) -> None:
    """A marker sets credits, strictness, role, engines and rate limit; one of a test comes before that of its class."""
    project.write(
        "test_marker.py",
        """
import app
import pytest

def test_none(understudy):
    state = understudy.state
    assert (state["balance"], state["strict"], state["role"], state["engines"]) == (100, False, "ADMIN", None)
    assert state["rate_limit"] is None

@pytest.mark.understudy(
    credits=2.5, strict=True, role="MEMBER", engines=["esrgan-v1-x2plus"], rate_limit={"requests": 5}
)
def test_all(understudy):
    state = understudy.state
    assert (state["balance"], state["strict"], state["role"]) == (2.5, True, "MEMBER")
    assert state["engines"] == ["esrgan-v1-x2plus"]
    assert state["rate_limit"] == {"requests": 5, "window": 10, "lockout": 60}
    assert app.balance() == 2.5

@pytest.mark.understudy(credits=3, strict=True)
class TestClass:
    def test_its_own(self, understudy):
        assert (understudy.balance, understudy.state["strict"]) == (3, True)

    @pytest.mark.understudy(credits=0)
    def test_nearer(self, understudy):
        assert (understudy.balance, understudy.state["strict"]) == (0, True)
""",
    )

    result = project.run("--strict-markers")

    assert result.counts == {"passed": 4}, result.output


@pytest.mark.parametrize(
    ("marker", "wrong"),
    [("understudy(25)", "25"), ("understudy(credit=1)", "credit"), ("understudy(balance=1)", "bal")],
)
def test_a_marker_with_a_mistake_is_refused(project: Project, marker: str, wrong: str) -> None:
    """What the marker does not know is named, instead of being overlooked."""
    project.write("test_marker.py", f"import pytest\n@pytest.mark.{marker}\ndef test_it(understudy): pass\n")

    result = project.run()

    assert result.counts == {"error": 1}, result.output
    assert f"the marker understudy takes credits=, strict=, role=, engines=, rate_limit=, not {wrong}" in result.output
    assert project.homes() == []


def test_every_test_has_a_world_of_its_own(project: Project) -> None:
    """What one test does to its world, or leaves there, no other test sees."""
    project.write(
        "test_worlds.py",
        """
import app
import pytest

@pytest.mark.parametrize("number", range(3))
def test_it(understudy, number):
    assert (understudy.balance, understudy.journal.count(), understudy.state["rules"]) == (100, 0, 0)
    assert app.draw("a barn")[0] == 200
    understudy.fail_next("server_error", times=None)
    understudy.balance = 0

def test_nobody_else(understudy):
    with pytest.raises(AssertionError):
        understudy.journal.expect()
""",
    )

    result = project.run()

    assert result.counts == {"passed": 4}, result.output


def test_two_runs_draw_the_same_pictures(project: Project) -> None:
    """Without a seed in the request a test gets the same one in every run, and another test another one."""
    project.write("test_draw.py", DRAWING)

    first = project.run(), project.notes("seed")
    second = project.run(), project.notes("seed")

    assert first[0].counts == second[0].counts == {"passed": 2}, first[0].output
    assert first[1] == second[1]
    assert len(set(first[1])) == 2


def test_who_does_not_use_it_starts_nothing(project: Project) -> None:
    """In a project without the fixture there is no server at any time, with and without workers."""
    project.write(
        "test_plain.py",
        """
import pathlib
import pytest
import tempfile

@pytest.mark.parametrize("number", range(2))
def test_it(number):
    assert not list(pathlib.Path(tempfile.gettempdir()).glob("understudy-*"))
""",
    )

    alone, together = project.run(), project.run("-n", "2")

    assert alone.counts == together.counts == {"passed": 2}, together.output


NOTING = """
import app
import os
import pathlib
import pytest
import tempfile

@pytest.mark.parametrize("number", range(8))
def test_note(understudy, number):
    assert app.draw("a barn")[0] == 200
    assert understudy.balance == 99.1
    pathlib.Path(f"url-{number}").write_text(understudy.url)
    pathlib.Path(f"worker-{number}").write_text(os.environ.get("PYTEST_XDIST_WORKER", "alone"))
    here = pathlib.Path(tempfile.gettempdir())
    pathlib.Path(f"homes-{number}").write_text(str(len(list(here.glob("understudy-*")))))
"""
"""Each of eight tests notes its worker, its server, and how many servers there are."""


@pytest.mark.parametrize(
    ("options", "servers"),
    [(("-n", "2"), 1), (("-n", "2", "--understudy-each"), 2), (("-n", "0"), 1), (("-p", "no:xdist"), 1)],
    ids=["shared", "each", "no workers", "no xdist"],
)
def test_workers_share_a_server_or_have_one_each(project: Project, options: tuple[str, ...], servers: int) -> None:
    """Two workers of pytest-xdist share one server, or have one each if that is asked for; afterwards none is left."""
    project.write("test_note.py", NOTING)

    result = project.run(*options)

    assert result.counts == {"passed": 8}, result.output
    urls = set(project.notes("url"))
    assert len(urls) == servers
    assert len(set(project.notes("worker"))) == (2 if "2" in options else 1)
    assert max(map(int, project.notes("homes"))) == servers
    assert all(map(is_gone, urls))
    assert project.homes() == []


def test_the_same_test_in_every_worker(project: Project) -> None:
    """With `--dist each` both workers run a test at once, and still each of them has a world of its own."""
    project.write(
        "test_each.py",
        """
import app
import pathlib
import time

def test_it(understudy, worker_id):
    pathlib.Path(f"here-{worker_id}").touch()
    end = time.monotonic() + 20
    while len(list(pathlib.Path().glob("here-*"))) < 2:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert [app.draw("a barn")[0] for _ in range(3)] == [200] * 3
    assert understudy.journal.count() == 3
    pathlib.Path(f"url-{worker_id}").write_text(understudy.url)
""",
    )

    result = project.run("--tx", "2*popen", "--dist", "each")

    assert result.counts == {"passed": 2}, result.output
    assert len(set(project.notes("url"))) == 1


def test_a_server_that_is_there_already(project: Project, running: Server) -> None:
    """With an address no server is started, that one goes on afterwards, and each run has worlds of its own."""
    project.write(
        "test_note.py", NOTING.replace("assert app", 'print("KEY", understudy.key)\n    assert app') + "    assert 0"
    )

    first, second = (project.run("-n", "2", "--understudy-url", running.url) for _ in range(2))

    assert first.counts == second.counts == {"failed": 8}, first.output
    assert set(project.notes("url")) == {running.url}
    assert set(project.notes("homes")) == {"0"}
    assert not is_gone(running.url)
    keys = [line for run in (first, second) for line in set(run.output.splitlines()) if line.startswith("KEY")]
    assert len(set(keys)) == 16


def test_options_for_the_server(project: Project) -> None:
    """The ini file of a project has options for `understudy serve --test`."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\nunderstudy_options = --strict --no-caption\n")
    project.write("test_it.py", "def test_it(understudy): assert understudy.state['strict']\n")

    result = project.run()

    assert result.counts == {"passed": 1}, result.output


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_server_that_cannot_start_says_why(project: Project, workers: tuple[str, ...]) -> None:
    """Tests that need it are errors with what the server said, and the others pass."""
    project.write("pytest.ini", "[pytest]\npythonpath = .\nunderstudy_options = --workers 3\n")
    project.write("test_it.py", "def test_it(understudy): pass\ndef test_again(understudy): pass\ndef test_x(): pass\n")

    result = project.run(*workers)

    assert result.counts == {"passed": 1, "error": 2}, result.output
    assert "understudy did not start:" in result.output
    assert "UNDERSTUDY_WORKERS: use 1 in test mode" in result.output
    assert "Traceback" not in result.output
    assert project.homes() == []


def test_an_address_where_nothing_is(project: Project, server: Server) -> None:
    """An address that is dead, wrong, or that of a server for everybody is named with what is missing there."""
    project.write("test_it.py", "def test_it(understudy): pass\n")

    results = {url: project.run("--understudy-url", url) for url in ("http://127.0.0.1:9", "nonsense", server.url)}

    for url, result in results.items():
        assert result.counts == {"error": 1}, result.output
        assert f"there is no Understudy in test mode at {url}: " in result.output
        assert "Traceback" not in result.output


def test_the_server_is_not_led_astray(project: Project) -> None:
    """Modules of the project that are called like ours or Python's, settings and warnings do not reach the server."""
    for name in ("engines", "spec", "secrets", "calendar", "click"):
        project.write(f"{name}.py", "raise RuntimeError('the project, not the server')\n")
    project.write("pytest.ini", "[pytest]\n")
    project.write("conftest.py", "")
    project.write("test_it.py", "def test_it(understudy): assert understudy.balance == 100\n")

    result = project.run(
        "--import-mode=importlib", PYTHONWARNINGS="error", UNDERSTUDY_CREDITS="7", PORT="80", UNDERSTUDY_STRICT="what"
    )

    assert result.counts == {"passed": 1}, result.output


def test_a_killed_run_leaves_no_server(project: Project) -> None:
    """A pytest that is killed with -9 takes its server with it."""
    project.write("test_sleep.py", ASLEEP)

    with _asleep(project) as process:
        process.kill()
        process.wait(PATIENCE)
        (url,) = project.notes("url")

        _wait_until_gone(url)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_an_interrupted_run_ends_in_good_order(project: Project, workers: tuple[str, ...]) -> None:
    """Ctrl-C reaches pytest and not its server, so that the fixture is torn down without an error."""
    project.write("test_sleep.py", ASLEEP)

    with _asleep(project, *workers) as process:
        os.killpg(process.pid, signal.SIGINT)
        output = process.communicate(timeout=PATIENCE)[0]

    (url,) = project.notes("url")
    _wait_until_gone(url)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert "KeyboardInterrupt" in output
    assert "URLError" not in output
    assert "INTERNALERROR" not in output


@contextmanager
def _asleep(project: Project, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run whose one test has begun to sleep."""
    process = subprocess.Popen(
        project.command(*options),
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        _wait_for(project.folder / "url-1", process)
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not file.exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)


def _wait_until_gone(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while not is_gone(url):
        assert time.monotonic() < end
        time.sleep(0.02)
