"""The threads in which picture work runs, set behind the one that answers: who asks for little is not kept waiting.

Drawing keeps every processor busy. Where a processor has to choose, it goes on drawing only when nothing is to be
answered; while nothing is, drawing loses nothing. Python's own lock is mostly free, since numpy, Pillow and libdeflate
let go of it while they work: a shorter switch interval was tried and changed nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

BEHIND = 5
"""Steps of niceness: a third of the share of a thread that stands in front.

Ten steps would be a tenth. On a machine busy with other programs a thread would then be put aside for long
while it holds Python's lock, and who answers would wait with it.
"""


def open_hands(places: int) -> ThreadPoolExecutor:
    """So many threads, each started when it is first needed."""
    # On Linux every thread has a niceness of its own, elsewhere only the whole process.
    steps = os.getpriority(os.PRIO_PROCESS, 0) + BEHIND if sys.platform == "linux" else None
    return ThreadPoolExecutor(places, thread_name_prefix="hands", initializer=_stand_back, initargs=(steps,))


def _stand_back(steps: int | None) -> None:
    if steps is not None:
        with contextlib.suppress(OSError):  # A sandbox may forbid it: then all threads stand side by side.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), steps)
