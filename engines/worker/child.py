"""The main loop of the process that holds torch: it receives jobs, does them one by one, and ends with its parent."""

from __future__ import annotations

import functools
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import NoReturn

from engines.worker import quiet
from engines.worker.drawing import Drawing
from engines.worker.messages import Cancel, Errand, Failed, FromWorker, Inquiry, Job, Note, Ready, ToWorker, Trouble

UNUSABLE = 69
"""Exit status of a worker without torch or without its device (EX_UNAVAILABLE of sysexits.h)."""
BROKEN = 70
"""Exit status after a fault of the device (EX_SOFTWARE)."""


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Work for the parent at the other end of the pipe; ``means`` is what ``process.Means`` makes of itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)  # Helpers that torch may start must not keep the pipe open.
    line = Line(Connection(descriptor))
    quiet.listen(line.tell)
    try:
        drawing = _open(device, {name: int(number) for name, number in (text.split("=") for text in means)}, line)
    except ImportError as exc:
        _resign(line, f"torch, diffusers or transformers cannot be imported: {exc}")
    while True:
        job = line.next_job()
        outcome = drawing.do(job, functools.partial(line.cancelled, job.id))
        line.tell(outcome)
        if isinstance(outcome, Failed) and outcome.trouble is Trouble.DEVICE:
            sys.exit(BROKEN)


class Line:
    """The child's end of the pipe. A thread listens all the time, so that a cancel is heard during the work."""

    def __init__(self, pipe: Connection[FromWorker, ToWorker]) -> None:
        self._pipe = pipe
        self._jobs: queue.SimpleQueue[Errand] = queue.SimpleQueue()
        self._cancelled = 0  # There is one job at a time, so the last cancel is the only one that matters.
        self._speaking = threading.Lock()
        threading.Thread(target=self._listen, name="line", daemon=True).start()

    def tell(self, message: FromWorker) -> None:
        """Send it now; from any thread. Without anybody to hear it the process ends."""
        try:
            with self._speaking:
                self._pipe.send(message)
        except OSError:
            os._exit(0)

    def next_job(self) -> Errand:
        """Wait for the next job."""
        return self._jobs.get()

    def cancelled(self, number: int) -> bool:
        """Whether nobody waits for this job any more."""
        return self._cancelled == number

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                match self._pipe.recv():
                    case Job() | Inquiry() as job:
                        self._jobs.put(job)
                    case Cancel(number):
                        self._cancelled = number
        # The parent is gone, and nobody wants what is being drawn; nothing here needs an orderly end.
        os._exit(0)


def _open(asked: str, means: Mapping[str, int], line: Line) -> Drawing:
    """Import torch, choose the device and say Ready; without the device, say so and end. Raises ``ImportError``."""
    import torch  # noqa: PLC0415 -- takes from half a second to many, in which the line is listened to

    from engines.loading.device import Device, DeviceMissing  # noqa: PLC0415

    torch.set_num_threads(means["threads"] or torch.get_num_threads())
    torch.set_grad_enabled(False)
    try:
        device = Device.choose(asked)
    except DeviceMissing as exc:
        _resign(line, str(exc))
    from engines.loading.keeper import Keeper  # noqa: PLC0415 -- the slowest of all, and vain without the device

    quiet.hush()
    # The owner may have named the device as it is, or as it was asked for, such as "auto".
    budget = means.get(str(device.torch), means.get(asked, device.budget))
    drawing = Drawing(Keeper(device, budget), device, line.tell)
    line.tell(Ready(str(device.torch), device.name, budget))
    return drawing


def _resign(line: Line, why: str) -> NoReturn:
    line.tell(Note(logging.ERROR, why))
    sys.exit(UNUSABLE)
