"""The folder ``<home>/intercept``: the authority, the server's certificate and the bundle that clients trust."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.intercept.certificates import BadCertificate, Identity, new_authority, new_server
from app.intercept.trust import everyone_else
from app.settings import BadSetting

SECRET, PUBLIC = 0o600, 0o644


class Cabinet:
    """Makes on first use, and again before they expire, the files that everybody needs.

    ``ca`` is the authority's certificate, ``bundle`` the same behind all authorities that the system
    trusts, for variables that replace the system's list. ``server`` and the file of the authority
    hold private keys, and are readable by their owner alone.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home.expanduser().absolute() / "intercept"
        self.ca = self.folder / "ca.pem"
        self.bundle = self.folder / "bundle.pem"
        self.server = self.folder / "server.pem"
        self._authority = self.folder / "authority.pem"

    def prepare(self, hosts: Iterable[str]) -> bool:
        """Make whatever is missing, about to expire, or not for ``hosts``; True when the authority is new.

        Raises ``BadSetting`` when the folder cannot be written, or what lies in it is not ours.
        """
        wanted = frozenset(hosts)
        try:
            with self._alone():
                return self._prepare(wanted, datetime.datetime.now(datetime.UTC))
        except OSError as problem:
            raise BadSetting(
                f"cannot use {self.folder}: {problem.strerror}; set UNDERSTUDY_HOME to another folder"
            ) from problem

    def _prepare(self, hosts: frozenset[str], now: datetime.datetime) -> bool:
        authority = self._read(self._authority)
        renewed = authority is None or not authority.is_fresh(now) or not hosts <= authority.permits()
        if renewed or authority is None:
            authority = new_authority(hosts | (authority.permits() if authority else frozenset()), now)
            _write(self._authority, authority.secret, SECRET)
        server = self._read(self.server)
        if server is None or not (server.is_fresh(now) and authority.signed(server) and hosts <= server.names()):
            _write(self.server, new_server(authority, authority.permits(), now).secret, SECRET)
        _write(self.ca, authority.public, PUBLIC)
        _write(self.bundle, everyone_else(os.environ, self.bundle) + authority.public, PUBLIC)
        return renewed

    def _read(self, path: Path) -> Identity | None:
        try:
            path.chmod(SECRET)
            return Identity.read(path.read_bytes())
        except FileNotFoundError:
            return None
        except BadCertificate as problem:
            raise BadSetting(f"{path} {problem}; remove it, and a new one is made") from problem

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two first uses at once must not make two authorities."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SECRET)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and with its mode from the first byte on."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    draft.replace(path)
