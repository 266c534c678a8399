"""What the workers hold, as a file that another process of the owner's can read."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engines.worker import journal
from engines.worker.messages import Holding

_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device as its supervisor sees it; sizes are in bytes.

    ``name`` is empty and ``budget`` 0 until its worker has started. ``memory`` counts weights that several
    engines share once. ``running`` is the id of the engine that draws, ``step`` of ``steps`` how far it is.
    """

    device: str
    name: str = ""
    budget: int = 0
    memory: int = 0
    engines: tuple[Holding, ...] = ()
    waiting: int = 0
    running: str | None = None
    step: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """All devices of the server with the process id ``pid``, at the Unix time ``at``."""

    pid: int
    at: float
    devices: tuple[DeviceState, ...]


class StatusFile:
    """Keeps a file up to date, at most four times a second, from a thread of its own."""

    def __init__(self, path: Path, states: Callable[[], tuple[DeviceState, ...]]) -> None:
        self._path = path
        self._states = states
        self._changed = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="engines-status", daemon=True)
        self._thread.start()

    def changed(self) -> None:
        """Something is new; returns at once."""
        self._changed.set()

    def close(self) -> None:
        """Write no more, and remove the file."""
        self._closed.set()
        self._changed.set()
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _keep(self) -> None:
        while self._changed.wait() and not self._closed.is_set():
            self._changed.clear()
            try:
                write(self._path, Status(os.getpid(), time.time(), self._states()))
            except OSError as exc:
                journal.unwritten(self._path, exc)
            self._closed.wait(_PAUSE)


def write(path: Path, status: Status) -> None:
    """Replace the file at once, so that nobody reads half of it. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{status.pid}")
    fresh.write_text(json.dumps(asdict(status), indent=2) + "\n")
    fresh.replace(path)


def read(path: Path) -> Status | None:
    """What the running server wrote; None where there is no file, a broken one, or one of a server that is gone."""
    try:
        status = _status(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return status if _alive(status.pid) else None


def _status(data: dict[str, Any]) -> Status:
    return Status(int(data["pid"]), float(data["at"]), tuple(_device(device) for device in data["devices"]))


def _device(data: dict[str, Any]) -> DeviceState:
    engines = tuple(Holding(**engine) for engine in data["engines"])
    return DeviceState(**{**data, "engines": engines})


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # It runs, and belongs to somebody else.
    return True
