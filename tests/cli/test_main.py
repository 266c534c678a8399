"""`understudy` itself: help, where the store is found, and what a broken one looks like."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import COMMANDS
from tests.cli.checks import refused
from tests.cli.conftest import Read, Run
from tests.store.servers import RealRedis


@pytest.fixture
def redis() -> Iterator[RealRedis]:
    """A Redis to point REDIS_URL at."""
    server = RealRedis()
    yield server
    server.close()


def understudy(*words: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    given = {"UNDERSTUDY_HOME": str(home), "PATH": "/usr/bin:/bin", **env}
    return subprocess.run(
        [sys.executable, "-m", "understudy", *words], env=given, capture_output=True, text=True, check=False
    )


def test_help_names_every_command(run: Run) -> None:
    """`--help`, and no words at all, list what can be done."""
    text = run("--help").stdout
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", text, re.MULTILINE)


@pytest.mark.parametrize(
    "words",
    [
        *(("accounts",), ("accounts", "create"), ("accounts", "list"), ("accounts", "show"), ("accounts", "join")),
        *(("keys",), ("keys", "create"), ("keys", "list"), ("keys", "revoke"), ("engines",), ("engines", "list")),
        *(("credits",), ("credits", "show"), ("credits", "grant"), ("credits", "set"), ("credits", "journal")),
        ("serve",),
    ],
)
def test_every_command_has_help(run: Run, words: tuple[str, ...]) -> None:
    """Help works everywhere, without a store, and says more than the name."""
    result = run(*words, "--help", REDIS_URL="redis://127.0.0.1:1")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: understudy {' '.join(words)} ")
    assert len(result.stdout) > 100


def test_help_loads_next_to_nothing() -> None:
    """Neither the help nor the group imports redis, numpy or a web framework."""
    program = "import sys; import app.cli; print(*{'redis', 'numpy', 'connexion', 'uvicorn'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout == "\n"


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    """The line repeats what was typed."""
    refused(run("paint"), "'paint'", code=2)


def test_commands_work_without_a_server(tmp_path: Path) -> None:
    """The store is started for each command and stopped after it; what was written stays."""
    made = understudy("accounts", "create", "--email", "ada@example.com", "--json", home=tmp_path)
    listed = understudy("accounts", "list", "--json", home=tmp_path)
    assert (made.returncode, made.stderr, listed.stderr) == (0, "", "")
    assert json.loads(made.stdout)["id"] == json.loads(listed.stdout)[0]["id"]
    assert not (tmp_path / "store" / "server.sock").exists()


def test_commands_honour_redis_url(tmp_path: Path, redis: RealRedis, run: Run) -> None:
    """With REDIS_URL, or --redis-url, nothing is written to the home."""
    made = understudy("accounts", "create", "--email", "ada@example.com", home=tmp_path, REDIS_URL=redis.url)
    listed = understudy("--redis-url", redis.url, "accounts", "list", home=tmp_path)
    assert made.returncode == 0
    assert "ada@example.com" in listed.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_home_can_be_an_option(tmp_path: Path) -> None:
    """--home wins over UNDERSTUDY_HOME."""
    listed = understudy("--home", str(tmp_path / "b"), "accounts", "list", "--json", home=tmp_path / "a")
    assert listed.stdout == "[]\n"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "the store does not answer: "),
        ({"REDIS_URL": "localhost"}, "REDIS_URL: use redis://"),
        ({"UNDERSTUDY_HOME": "/dev/null/home"}, "cannot use /dev/null/home/store"),
        ({"PORT": "many"}, "PORT='many'"),
    ],
)
def test_broken_surroundings_are_one_line(run: Run, env: dict[str, str], told: str) -> None:
    """Whatever is wrong with the settings or the store is named in one line."""
    refused(run("accounts", "list", **env), told)


def test_a_failing_command_leaves_no_store_behind(tmp_path: Path) -> None:
    """A command that fails still stops the store it started."""
    failed = understudy("accounts", "show", "nobody@example.com", home=tmp_path)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("Error: there is no account nobody@example.com")
    assert not (tmp_path / "store" / "server.sock").exists()


def test_json_is_only_json(read: Read) -> None:
    """Scripts can read stdout as it is, characters of every language included."""
    made = read("accounts", "create", "--email", "ada@example.com", "--organization", "Bücher & Söhne 本")
    assert made["organizations"][0]["name"] == "Bücher & Söhne 本"
