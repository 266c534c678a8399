"""One worker during its life: its process, what it has said of itself, and until when it must have answered."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from engines.worker.messages import FromWorker, Holdings, Ready, ToWorker
from engines.worker.process import Means, Process


class Worker:
    """Not for several threads; ``heard`` and ``ended`` are called in a thread of the process, once started."""

    def __init__(
        self,
        device: str,
        means: Means,
        child: str,
        heard: Callable[[Worker, FromWorker], object],
        ended: Callable[[Worker, int], object],
    ) -> None:
        self.ready: Ready | None = None
        self.holdings = Holdings((), 0)
        self.last_words = ""
        self.doomed = False
        """It is being killed; its end has not been noticed yet."""
        self.deadline: float | None = None
        """When it is killed, on the clock of ``time.monotonic``."""
        self._why = ""
        self.started = time.monotonic()
        self._process = Process(
            device, means, lambda message: heard(self, message), lambda code: ended(self, code), child
        )

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether it takes jobs."""
        return self.ready is not None and not self.doomed

    def send(self, message: ToWorker) -> None:
        """Send it now; a worker that does not listen is killed."""
        try:
            self._process.send(message)
        except OSError as exc:
            self.kill(f"it does not listen: {exc}")

    def expect(self, seconds: float, why: str) -> None:
        """Kill it when so much time has passed, unless it is let off or has less time already."""
        deadline = time.monotonic() + seconds
        if self.deadline is None or deadline < self.deadline:
            self.deadline, self._why = deadline, why

    def let_off(self) -> None:
        """It answered in time."""
        self.deadline = None

    def judge(self) -> None:
        """Kill it if its time has passed."""
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self.kill(self._why)

    def kill(self, why: str) -> None:
        """End it at once; ``ended`` follows."""
        if not self.doomed:
            self.doomed, self.deadline, self._why = True, None, why
            self._process.kill()

    def close(self) -> None:
        """End it, politely if it still lives, and free what it held here."""
        self._process.close()

    def epitaph(self, code: int) -> str:
        """Why it ended, for the log."""
        if self.doomed:
            return f"killed: {self._why}"
        if self.last_words:
            return self.last_words
        if code >= 0:
            return f"ended with exit code {code}"
        hint = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
        return f"ended by {_name(-code)}{hint}"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
