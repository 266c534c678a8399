"""The store that comes with us: a real server program on a private socket, started and stopped with its owner."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from app.store.place import Place
from app.store.problems import StoreFailed, StoreOwned
from app.store.program import find_program
from app.store.whisper import answers, ask

log = logging.getLogger("understudy.store")

POLL = 0.003
PATIENCE = 5.0
LONGEST_PAUSE = 5.0
STEADY = 1.0
"""Seconds after which a server program counts as started, so that the next restart is at once."""
HOPELESS = 3
"""Restarts in a row, without an answer, after which it is not waited for any longer."""


class EmbeddedStore:
    """One server program for one home.

    It runs in a session of its own, so that Ctrl-C in a terminal reaches us and not it, and it is
    started again whenever it dies while we still need it. Every write is on disk before it is
    acknowledged.
    """

    def __init__(self, home: Path, *, serving: bool = True, program: Path | None = None) -> None:
        self._place = Place(home)
        self._serving = serving
        self._program = program
        self._socket = self._place.socket()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        self._restarts = 0

    @property
    def url(self) -> str:
        """What a client connects to, ``unix:///…``; known once started."""
        return socket_url(self._socket)

    @property
    def pid(self) -> int | None:
        """The server program's process id while it is meant to run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Become the owner and start the server program, without waiting until it answers.

        Only what a crashed owner left behind is waited for. Raises ``StoreOwned`` when another
        process owns this home, ``NoServerProgram`` or ``StoreFailed``.
        """
        program = self._program or find_program()
        try:
            self._place.prepare()
            self._own()
            self._end_orphan()
            self._socket = self._place.choose_socket()
            self._process = self._spawn(program)
        except OSError as error:
            self._place.disown()
            raise StoreFailed(
                f"cannot use {self._place.folder}: {error.strerror}; set UNDERSTUDY_HOME to another folder"
            ) from error
        except BaseException:
            self._place.disown()
            raise
        self._stopping.clear()
        self._watcher = threading.Thread(target=self._watch, args=(program,), name="store-watch", daemon=True)
        self._watcher.start()

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Block until the store answers. Raises ``StoreFailed`` with the end of its log."""
        end = time.monotonic() + timeout
        while not answers(self._socket):
            if self._stopping.is_set():
                raise StoreFailed("the store was stopped while it was starting")
            if self._restarts >= HOPELESS or time.monotonic() > end:
                raise StoreFailed(f"the store in {self._place.folder} does not start; {self._place.last_words()}")
            time.sleep(POLL)
        self._restarts = 0

    def stop(self) -> None:
        """End the server program in good order, by force after five seconds; safe to call twice."""
        with self._spawning:
            self._stopping.set()
            process = self._process
        if process is None:
            return
        process.terminate()  # The program treats SIGTERM as SHUTDOWN: it flushes its file first.
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._watcher is not None:
            self._watcher.join(PATIENCE)
        self._process = None
        self._place.clear_socket()
        self._place.disown()

    def __enter__(self) -> EmbeddedStore:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _own(self) -> None:
        """A command holds its store for a moment only, so its end is waited for; a server's is not."""
        end = time.monotonic() + 2 * PATIENCE
        while True:
            try:
                self._place.own(serving=self._serving)
            except StoreOwned as owned:
                if owned.serving or time.monotonic() > end:
                    raise
                time.sleep(POLL)
            else:
                return

    def _spawn(self, program: Path) -> subprocess.Popen[bytes]:
        running = _wait_for(self._place.take_running, PATIENCE)
        if running is None:
            raise StoreFailed(f"an older server still has {self._place.folder} open (process {self._place.read_pid()})")
        self._socket.unlink(missing_ok=True)
        try:
            with self._place.log.open("ab") as output:
                process = subprocess.Popen(  # noqa: S603  -- the program is ours or on the owner's PATH
                    [str(program), *self._options()],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={"LC_ALL": "C"},
                    pass_fds=(running,),
                    start_new_session=True,
                    umask=0o077,
                )
        except OSError as error:
            raise StoreFailed(f"cannot start {program}: {error.strerror}") from error
        finally:
            os.close(running)
        self._place.write_pid(process.pid)
        return process

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "600",
            "dir": str(self._place.folder),
            "logfile": str(self._place.log),
            "databases": "1",
            "appendonly": "yes",
            "appendfsync": "always",
            "auto-aof-rewrite-min-size": "16mb",  # The file is read at every start, which should stay short.
            "save": "",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _end_orphan(self) -> None:
        """Bring down the server of an owner that crashed: in good order, then harder."""
        # Whoever starts servers here holds the owner's lock, and that is us: the answer cannot change under our feet.
        for blow in (self._say_shutdown, self._signal(signal.SIGTERM), self._signal(signal.SIGKILL)):
            running = self._place.take_running()
            if running is not None:
                os.close(running)
                return
            log.warning("store_left_behind pid=%s", self._place.read_pid())
            blow()
            freed = _wait_for(self._place.take_running, PATIENCE)
            if freed is not None:
                os.close(freed)

    def _say_shutdown(self) -> None:
        ask(self._place.socket(), "SHUTDOWN", PATIENCE)

    def _signal(self, number: signal.Signals) -> Callable[[], None]:
        def send() -> None:
            pid = self._place.read_pid()
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

        return send

    def _watch(self, program: Path) -> None:
        """Start the server program again whenever it ends without being asked to."""
        pause = 0.0
        while self._process is not None:
            born = time.monotonic()
            code = self._process.wait()
            pause = 0.0 if time.monotonic() - born > STEADY else min(LONGEST_PAUSE, pause * 2 or 0.05)
            if self._stopping.wait(pause):
                return
            log.error("store_restarted code=%s", code)
            with self._spawning:
                if self._stopping.is_set():
                    return
                self._restarts += 1
                try:
                    self._process = self._spawn(program)
                except (StoreFailed, OSError) as problem:
                    log.error("store_restart_failed problem=%s", problem)  # noqa: TRY400  -- one event, one line


def socket_url(path: Path) -> str:
    """The address of a server on a unix socket."""
    return "unix://" + quote(str(path))


def _wait_for(ready: Callable[[], int | None], timeout: float) -> int | None:
    end = time.monotonic() + timeout
    while (found := ready()) is None and time.monotonic() < end:
        time.sleep(POLL)
    return found
