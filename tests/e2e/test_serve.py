"""`understudy serve` as a person at a terminal meets it."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.running import Client, Server, rows, understudy
from tests.store.servers import wait_until

MakeServer = Callable[..., Server]


def test_it_says_where_it_is_and_a_line_to_try(make_server: MakeServer, tmp_path: Path) -> None:
    """The first lines name the base URL and the key, and the curl line makes a picture."""
    server = make_server()

    output = server.output()

    assert f"Understudy listens on {server.url}" in output
    assert f"API key: {server.key}" in output
    assert f"curl -s {server.url}/v1/generation/" in output
    assert re.search(r"-o \S+\.png", output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(make_server: MakeServer, number: signal.Signals) -> None:
    """Ctrl-C and a polite kill end it with status 0, and no store is left behind."""
    server = make_server()

    status = server.stop(number)

    assert status == 0
    assert "Traceback" not in server.output()
    assert not _store_answers(server.home)


def test_a_key_of_its_own_is_made_once_and_kept(make_server: MakeServer) -> None:
    """Without a key in the environment the first start makes one; the next start prints the same."""
    first = make_server(UNDERSTUDY_API_KEY="")
    key = _printed_key(first)
    first.stop()

    second = make_server(UNDERSTUDY_API_KEY="")

    assert re.fullmatch(r"sk-[A-Za-z0-9]{48}", key)
    assert _printed_key(second) == key
    assert Client(second.url, key).balance() == 1000


def test_credits_and_keys_outlive_a_restart(make_server: MakeServer) -> None:
    """What was spent before a stop is still spent after the next start; the opening balance is given once."""
    first = make_server(UNDERSTUDY_CREDITS="5")
    _draw(Client(first.url))
    first.stop()

    second = make_server(UNDERSTUDY_CREDITS="5")

    assert Client(second.url).balance() == pytest.approx(3.5)


def test_the_key_is_never_logged_and_never_stored_bare(make_server: MakeServer) -> None:
    """The key stands in the greeting and nowhere else: not in the log, not in the files of the store."""
    server = make_server("--log-level", "debug")
    _draw(Client(server.url))

    server.stop()

    assert server.key not in server.output().partition("Ctrl-C stops it.")[2]
    for file in (server.home / "store").rglob("*"):
        if file.is_file():
            assert server.key.encode() not in file.read_bytes(), file


def test_every_request_is_one_line_of_json(make_server: MakeServer) -> None:
    """The log has one structured line per request, with method, path and status and nothing private."""
    server = make_server()
    client = Client(server.url)

    client.get("/v1/engines/list")
    client.get("/v1/nowhere")

    wait_until(lambda: len(_requests(server)) >= 2)  # A line is written when its answer is on its way.
    assert [(row["method"], row["path"], row["status"]) for row in _requests(server)] == [
        ("GET", "/v1/engines/list", 200),
        ("GET", "/v1/nowhere", 404),
    ]


def test_a_second_server_on_the_same_home_is_told_so(make_server: MakeServer) -> None:
    """One home has one owner; the second start says who owns it and what to do."""
    server = make_server()

    second = understudy("serve", "--port", "0", home=server.home)

    assert second.returncode == 1
    assert str(server.process.pid if server.process else "") in second.stderr
    assert "UNDERSTUDY_HOME" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """A port in use ends the start with one line that says which."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        result = understudy("serve", "--port", str(port), home=tmp_path / "home")

    assert result.returncode == 1
    assert str(port) in result.stderr
    assert "--port" in result.stderr


def test_workers_share_one_store_and_one_port(make_server: MakeServer) -> None:
    """With two workers the balance is one: what either of them takes is gone for both."""
    server = make_server("--workers", "2", UNDERSTUDY_CREDITS="15")

    spent = sum(_draw(Client(server.url)) for _ in range(6))

    assert spent == 6
    assert Client(server.url).balance() == pytest.approx(15 - 6 * 1.5)
    assert server.stop() == 0


def test_workers_end_with_their_parent(make_server: MakeServer) -> None:
    """Killing the parent outright frees the port and the home for the next start."""
    server = make_server("--workers", "2")
    port = int(server.url.rpartition(":")[2])

    server.kill()

    wait_until(lambda: not _listens(port))
    again = make_server("--workers", "2")
    assert Client(again.url).get("/v1/engines/list").ok


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.4])
def test_workers_that_are_still_starting_end_with_their_parent(tmp_path: Path, delay: float) -> None:
    """The same when the parent is killed before its workers are there."""
    server = Server(tmp_path / "home", "--workers", "2")
    server.spawn()
    wait_until(lambda: "listens on" in server.output())
    port = int(re.findall(r"listens on http://[^ ]+:(\d+)", server.output())[0])
    time.sleep(delay)

    server.kill()

    wait_until(lambda: not _listens(port))
    with Server(tmp_path / "home") as again:  # Also ends the store that was left behind.
        assert Client(again.url).get("/v1/engines/list").ok


def test_a_server_on_a_named_redis_starts_no_store(make_server: MakeServer, redis_url: str) -> None:
    """With REDIS_URL accounts and credits live there, and two servers share them."""
    one = make_server(home="one", REDIS_URL=redis_url)
    two = make_server(home="two", REDIS_URL=redis_url)

    _draw(Client(one.url))

    assert Client(two.url).balance() == pytest.approx(998.5)
    assert not (one.home / "store").exists()


def _requests(server: Server) -> list[dict[str, Any]]:
    return [row for row in rows(server.output()) if row.get("path", "").startswith("/v1/")]


def _draw(client: Client) -> int:
    answer = client.post(
        "/v1/generation/stable-diffusion-v1-6/text-to-image",
        json={"text_prompts": [{"text": "a lighthouse"}], "steps": 50},
    )
    assert answer.status_code == 200, answer.text
    return len(answer.json()["artifacts"])


def _printed_key(server: Server) -> str:
    return re.findall(r"API key: (\S+)", server.output())[-1]


def _store_answers(home: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(next((home / "store").glob("*.sock"))))
        except (OSError, StopIteration):
            return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
