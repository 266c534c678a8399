"""Where the embedded store lives on disk, and who owns it.

Two locks tell the whole story. ``lock`` is held by the process that owns the store. ``running`` is
held by the server program itself, which inherits it when it is started: as long as it is taken, a
server still has the data open, whatever became of the process that started it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from app.store.problems import StoreOwned

# sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the closing zero.
LONGEST_SOCKET = 100


class Place:
    """The folder ``<home>/store`` with its files; creating one touches nothing yet."""

    def __init__(self, home: Path) -> None:
        self.home = home.expanduser().absolute()
        self.folder = self.home / "store"
        self.log = self.folder / "server.log"
        self._owner: int | None = None

    def prepare(self) -> None:
        """Create the folder, readable by nobody else."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def own(self, *, serving: bool) -> None:
        """Become the owner. Raises ``StoreOwned`` while another process is."""
        descriptor = take(self.folder / "lock")
        if descriptor is None:
            raise StoreOwned(self.home, *self._read_owner())
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {'serve' if serving else 'command'}\n".encode(), 0)
        self._owner = descriptor

    def disown(self) -> None:
        """Let another process become the owner."""
        if self._owner is not None:
            os.close(self._owner)
            self._owner = None

    def take_running(self) -> int | None:
        """The descriptor a server program must inherit; None while an older one still runs."""
        return take(self.folder / "running")

    def write_pid(self, pid: int) -> None:
        """Remember the server program."""
        (self.folder / "pid").write_text(f"{pid}\n")

    def read_pid(self) -> int | None:
        """The server program that was started last."""
        return _first_number(self.folder / "pid")

    def socket(self) -> Path:
        """Where the store listens, as its owner wrote it down."""
        try:
            return Path(os.fsdecode((self.folder / "socket").read_bytes()))
        except OSError:
            return self.folder / "server.sock"

    def choose_socket(self) -> Path:
        """Pick a path for the socket and write it down: in the folder, or where its name is short enough."""
        path = self.folder / "server.sock"
        if len(os.fsencode(path)) > LONGEST_SOCKET:
            path = Path(tempfile.mkdtemp(prefix="understudy-", dir=_short_folder())) / "server.sock"
        self.clear_socket()
        (self.folder / "socket").write_bytes(os.fsencode(path))
        return path

    def clear_socket(self) -> None:
        """Remove a socket nobody listens on any more, and the folder made for it."""
        old = self.socket()
        old.unlink(missing_ok=True)
        if old.parent != self.folder and old.parent.name.startswith("understudy-"):
            with contextlib.suppress(OSError):
                old.parent.rmdir()

    def last_words(self) -> str:
        """The end of the server's log, for a message about why it stopped."""
        try:
            return self.log.read_text("utf-8", "replace")[-600:].strip()
        except OSError:
            return "(no log)"

    def _read_owner(self) -> tuple[int, bool]:
        try:
            pid, _, purpose = (self.folder / "lock").read_text().strip().partition(" ")
            return int(pid), purpose != "command"
        except (OSError, ValueError):  # taken this very moment, the pid is not written yet
            return 0, False


def take(path: Path) -> int | None:
    """Lock a file for as long as the descriptor is open anywhere; None where it is locked already."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _short_folder() -> str:
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) < LONGEST_SOCKET - 40 else "/tmp"  # noqa: S108  -- mkdtemp makes it private


def _first_number(path: Path) -> int | None:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
