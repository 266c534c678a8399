"""The store that comes with us: private, supervised, owned by one process."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest
import redis

from app.store.attach import attach
from app.store.embedded import EmbeddedStore
from app.store.problems import StoreFailed
from app.store.redis_store import RedisStore
from app.store.whisper import answers
from tests.store.servers import alive, charge_for, play, socket_of, someone, wait_until


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Folder, socket and data belong to the user alone, and no port is open."""
    with EmbeddedStore(tmp_path) as store:
        assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
        assert stat.S_IMODE(socket_of(store).stat().st_mode) == 0o600
        for path in (tmp_path / "store").rglob("*.aof"):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077
        with redis.Redis.from_url(store.url) as client:
            assert client.config_get("port") == {"port": "0"}


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


def test_a_spoilt_home_is_named(tmp_path: Path) -> None:
    """A file of ours that cannot be opened is one message as well."""
    (tmp_path / "store" / "lock").mkdir(parents=True)
    with pytest.raises(StoreFailed, match=r"cannot use .*/store: Is a directory"):
        EmbeddedStore(tmp_path).start()


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
