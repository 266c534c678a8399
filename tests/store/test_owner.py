"""One owner for each home: refusals, crashes, and commands that come and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.attach import attach
from app.store.embedded import EmbeddedStore
from app.store.problems import StoreOwned
from app.store.redis_store import RedisStore
from app.store.whisper import answers
from tests.store.servers import alive, play, socket_of, someone

OWNER = """
import asyncio, sys, time
from pathlib import Path
from app.store.embedded import EmbeddedStore
from tests.store.servers import charge_for, play, someone

store = EmbeddedStore(Path(sys.argv[1]))
store.start()
store.wait_ready()

async def story(client):
    caller = await someone(client, 10)
    await client.reserve(charge_for(caller, 4))

play(store.url, story)
print(store.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def crashed(tmp_path: Path) -> Iterator[int]:
    """An owner that was killed after it reserved 4 of 10; the pid of the server it left behind."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    assert alive(pid)
    yield pid
    if alive(pid):
        os.kill(pid, signal.SIGKILL)


def test_a_second_server_is_told_who_owns_the_store(tmp_path: Path) -> None:
    """The message has the owner's process id and two ways out; the first goes on undisturbed."""
    with EmbeddedStore(tmp_path) as first:
        with pytest.raises(StoreOwned) as refused:
            EmbeddedStore(tmp_path).start()
        assert answers(socket_of(first))
    message = str(refused.value)
    assert f"process {os.getpid()}" in message
    assert "UNDERSTUDY_HOME" in message
    assert "REDIS_URL" in message


def test_a_new_owner_takes_over_after_a_crash(tmp_path: Path, crashed: int) -> None:
    """The server that was left behind is shut down, and its open charge can be given back."""
    with EmbeddedStore(tmp_path) as store:
        assert not alive(crashed)

        async def story(client: RedisStore) -> None:
            assert (await client.recover(exclusive=True)).credits == 4
            (one,) = await client.organizations()
            assert (one.balance, one.open) == (10, 0)

        play(store.url, story)


def test_a_server_left_behind_that_hangs_is_ended(
    tmp_path: Path, crashed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it does not listen it is killed, and nothing acknowledged is lost."""
    monkeypatch.setattr("app.store.embedded.PATIENCE", 0.3)
    os.kill(crashed, signal.SIGSTOP)
    with EmbeddedStore(tmp_path) as store:
        assert not alive(crashed)
        (one,) = play(store.url, lambda client: client.organizations())
        assert (one.balance, one.open) == (6, 4)


def test_a_command_uses_the_running_store(tmp_path: Path) -> None:
    """While a server runs, a command talks to its store and leaves it running."""
    with EmbeddedStore(tmp_path) as store:
        with attach(tmp_path) as url:
            assert url == store.url
        assert answers(socket_of(store))


def test_a_command_alone_starts_the_store_for_the_moment(tmp_path: Path) -> None:
    """Nothing runs before or after, and what was written stays."""
    for expected in (1, 2):
        with attach(tmp_path) as url:
            play(url, someone)
            assert len(play(url, lambda client: client.accounts())) == expected
        assert not (tmp_path / "store" / "server.sock").exists()


def test_commands_wait_for_each_other(tmp_path: Path) -> None:
    """Two commands at the same time take turns, and so does a server that starts meanwhile."""
    served = EmbeddedStore(tmp_path)
    starting = threading.Thread(target=served.start)
    with attach(tmp_path) as url:
        starting.start()
        play(url, someone)
        assert served.pid is None
    starting.join()
    served.wait_ready()
    assert len(play(served.url, lambda client: client.accounts())) == 1
    served.stop()
