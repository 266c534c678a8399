"""A worker as its parent holds it: a child process and the pipe to it.

The child is a plain program of its own, not a copy of this one: nothing of the server's main module runs in
it, and it inherits no file but its end of the pipe.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from pickle import UnpicklingError

from engines.worker.messages import FromWorker, ToWorker

CHILD = "engines.worker.child"
"""The module whose ``main(descriptor, device, means)`` is the worker."""

# The string at the front is for whoever reads a list of processes; -P keeps the folder that the server was
# started from off the path, whatever files lie there.
_ENTER = (
    "'engines.worker'; import sys; sys.path.insert(0, sys.argv[1]); from importlib import import_module; "
    "import_module(sys.argv[2]).main(int(sys.argv[3]), sys.argv[4], sys.argv[5:])"
)
_SECRETS = ("UNDERSTUDY_API_KEY", "REDIS_URL", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_SETTINGS = {
    # What is not on the disk by now is not there: a worker never downloads.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Operations that Metal lacks are done on the processor instead of failing.
    "PYTORCH_ENABLE_MPS_FALLBACK": "1",
}
_LOOK = 1.0
_FAREWELL = 3.0
_SEND_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Means:
    """What a worker may use: bytes of weights by device name, and threads on the processor, 0 for torch's choice."""

    memory: tuple[tuple[str, int], ...] = ()
    threads: int = 0

    def arguments(self) -> list[str]:
        """As the worker's command line has it."""
        return [f"threads={self.threads}", *(f"{name}={size}" for name, size in self.memory)]


class Process:
    """One running child, started on construction, which raises ``OSError`` where the system has no room for it.

    ``heard`` gets each of its messages and ``ended`` its exit code (negative for a signal) once, as the very
    last thing; both are called in a thread of the process. After ``ended`` it still wants ``close()``.
    """

    def __init__(
        self,
        device: str,
        means: Means,
        heard: Callable[[FromWorker], object],
        ended: Callable[[int], object],
        child: str = CHILD,
    ) -> None:
        self._heard = heard
        self._ended = ended
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                self._popen = _spawn(theirs, [child, str(theirs.fileno()), device, *means.arguments()])
        except OSError:
            self._socket.close()
            raise
        # A child that has stopped reading must not hold its parent for ever.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
        self._pipe: Connection[ToWorker, FromWorker] = Connection(os.dup(self._socket.fileno()))
        self._reader = threading.Thread(target=self._listen, name=f"worker-{self.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The number of the child's process, which leads a session of its own."""
        return self._popen.pid

    def send(self, message: ToWorker) -> None:
        """Send it now. Raises ``OSError`` when the child is gone, or takes nothing for ten seconds."""
        self._pipe.send(message)

    def kill(self) -> None:
        """End the child and what it started at once; ``ended`` follows."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """End the child, politely at first, and wait until it has ended; takes some seconds at most."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # The child sees its parent gone and ends.
        if not self._gone():
            self._signal(signal.SIGTERM)
            if not self._gone():
                self._signal(signal.SIGKILL)
                self._popen.wait()
        self._reader.join()
        self._pipe.close()
        self._socket.close()

    def _listen(self) -> None:
        try:
            while (message := self._next()) is not None:
                self._heard(message)
        finally:
            if not self._gone():
                self.kill()  # It closed its end and lives on: it could never be heard again.
            self._ended(self._popen.wait())

    def _next(self) -> FromWorker | None:
        """The next message, or None after the last."""
        try:
            while not self._pipe.poll(_LOOK):
                # A process that the child has started may keep the pipe open after the child's end.
                if self._popen.poll() is not None and not self._pipe.poll(0):
                    return None
            return self._pipe.recv()
        except (EOFError, OSError):
            return None
        except (UnpicklingError, AttributeError, ImportError, IndexError, TypeError, ValueError):
            self.kill()  # It does not speak our language: a library has written into the pipe.
            return None

    def _gone(self) -> bool:
        try:
            self._popen.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._popen.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


def _spawn(pipe: socket.socket, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  -- ourselves
        [sys.executable, "-P", "-c", _ENTER, str(_house()), *arguments],
        env=_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=2,  # What a library prints is no output of the server's command.
        pass_fds=[pipe.fileno()],
        start_new_session=True,  # Ctrl-C at the terminal reaches the server alone, which then ends its workers.
    )


def _house() -> Path:
    """The folder that holds the package ``engines``, in a checkout and in an installation."""
    return Path(__file__).resolve().parents[2]


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Ours without its secrets, and with libraries told to be quiet and to stay offline."""
    return {name: value for name, value in ours.items() if name not in _SECRETS} | _SETTINGS
