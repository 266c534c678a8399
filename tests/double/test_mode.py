"""Test mode is there when it is asked for, and leaves no trace when it is not."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from engines.catalog import CARDS
from tests.double.playing import Wish
from tests.running import ROOT, Client, Server, understudy

OURS = ("app.double", "app.testing", "app.worlds", "app.dialects.control")
KEY = {"Authorization": "sk-test"}
LOADED = """
import sys
from app.main import create
from app.settings import Settings
create(Settings.from_mapping({settings}))
print(*sys.modules)
"""


def _modules(**settings: str) -> list[str]:
    """What a server with these settings has loaded before it serves."""
    program = [sys.executable, "-c", LOADED.format(settings=settings)]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout.split()


def test_no_code_of_it_is_loaded_without_it() -> None:
    """An ordinary server does not even import what plays outcomes."""
    assert [name for name in _modules(REDIS_URL="redis://localhost:1") if name.startswith(OURS)] == []


def test_redis_is_not_loaded_with_it() -> None:
    """What keeps everything in memory needs no client of a store."""
    loaded = _modules(UNDERSTUDY_TEST="1")

    assert set(OURS) <= set(loaded)
    assert "redis" not in loaded


@pytest.mark.parametrize("path", ["", "/", "/world", "/outcomes", "/openapi.json", "/ui/"])
def test_the_control_api_is_not_served_without_it(client_of_ordinary: Client, path: str) -> None:
    """Its paths are as unknown as any other."""
    answer = client_of_ordinary.get(f"/_understudy{path}")

    assert (answer.status_code, answer.json()["name"]) == (404, "not_found")


def test_magic_is_none_without_it(server: Server) -> None:
    """Prompts are only prompts, engines only engines, keys only keys."""
    with Wish(server.url, server.key, prompt="understudy:server_error").asked() as connection:
        assert connection.getresponse().status == 200
    with Wish(server.url, server.key, engine="understudy-server-error").asked() as connection:
        assert connection.getresponse().status == 404
    with Wish(server.url, "sk-understudy-server-error").asked() as connection:
        assert connection.getresponse().status == 401


def test_the_contracts_do_not_speak_of_it(double: Server) -> None:
    """The documents of the versions are the same in test mode; the control API has one of its own."""
    ours = requests.get(f"{double.url}/v1/openapi.json", timeout=30).text
    control = requests.get(f"{double.url}/_understudy/openapi.json", timeout=30).json()

    assert "_understudy" not in ours
    assert control["servers"][0]["url"] == "/_understudy"


def test_nothing_is_written(double: Server) -> None:
    """The home folder is not even made."""
    assert not double.home.exists()


def test_it_is_healthy_and_ready(double: Server) -> None:
    """Health and readiness ask for no key and belong to no world."""
    healthy = requests.get(f"{double.url}/healthz", timeout=30)
    ready = requests.get(f"{double.url}/readyz", headers={"Authorization": "sk-understudy-server-error"}, timeout=30)

    assert healthy.json() == {"status": "ok"}
    assert (ready.status_code, ready.json()["status"], ready.json()["engines"]) == (200, "ready", len(CARDS))


@pytest.mark.parametrize(
    ("options", "env", "message"),
    [
        (["--test"], {"REDIS_URL": "redis://localhost:6379/0"}, "REDIS_URL: leave it out in test mode"),
        (["--test", "--workers", "2"], {}, "UNDERSTUDY_WORKERS: use 1 in test mode"),
        (["--strict"], {}, "UNDERSTUDY_STRICT: use it in test mode"),
        (["--test"], {"UNDERSTUDY_API_KEY": "no-such-key"}, "UNDERSTUDY_API_KEY: in test mode use sk- and 3 to 253"),
        (["--test"], {"UNDERSTUDY_WORLDS": "0"}, "UNDERSTUDY_WORLDS='0': use a whole number from 1"),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, options: list[str], env: dict[str, str], message: str) -> None:
    """The start stops and says what is wrong."""
    done = understudy("serve", "--port", "0", *options, home=tmp_path, **env)

    assert done.returncode == 1
    assert message in done.stderr


def test_settings_of_worlds_are_kept(tmp_path: Path) -> None:
    """The opening balance, the number of worlds and the length of journals are those that were set."""
    settings = {"UNDERSTUDY_CREDITS": "3", "UNDERSTUDY_WORLDS": "2", "UNDERSTUDY_JOURNAL": "2"}
    with Server(tmp_path / "home", "--test", **settings) as server:
        for key in ("sk-one", "sk-two", "sk-two", "sk-two", "sk-three"):
            with Client(server.url, key) as client:
                assert client.balance() == 3
        listed = requests.get(f"{server.url}/_understudy/worlds", timeout=30).json()["worlds"]
        with Client(server.url, "sk-two") as client:
            entries = client.get("/_understudy/world/journal").json()["entries"]

    assert [world["name"] for world in listed] == ["three", "two"]
    assert [entry["number"] for entry in entries] == [2, 3]


def test_a_server_that_stops_lets_everybody_go(tmp_path: Path) -> None:
    """Clients that it keeps waiting do not keep it from stopping, and it has no error to tell of."""
    server = Server(tmp_path / "home", "--test").start()
    wishes = [Wish(server.url, "sk-test", prompt=f"understudy:{what}") for what in ("timeout", "latency=600")]
    with wishes[0].asked() as first, wishes[1].asked() as second:
        while (
            requests.get(f"{server.url}/_understudy/world/journal/count", headers=KEY, timeout=30).json()["count"] < 2
        ):
            time.sleep(0.02)
        status = server.stop()
        for connection in (first, second):
            with pytest.raises(ConnectionError):
                connection.getresponse()

    assert status == 0
    assert "Traceback" not in server.output()


@pytest.fixture
def client_of_ordinary(server: Server) -> Client:
    """A client of a server that is not in test mode."""
    return Client(server.url, server.key)
