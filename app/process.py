"""What a process that serves does beside serving: how it begins, and that it ends when nobody wants it any longer."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from app.web.operation import ASGIApp


def worker() -> ASGIApp:
    """The server as one of several processes makes it: from the environment that its parent gave it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with(parent.pid)
    return application(Settings.from_mapping(os.environ))


def application(settings: Settings) -> ASGIApp:
    """The server, which is loaded only now: a process that only starts others needs none of it."""
    with uncollected():
        from app.main import create  # noqa: PLC0415

        return create(settings)


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage while the block runs, and never among what it makes, which is here to stay.

    A start makes a hundred thousand objects and no garbage; to look for some took a tenth of it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def end_with(parent: int | None) -> None:
    """Let this process end when ``parent``, which started it, does."""
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int | None) -> None:
    """Workers must not outlive their parent: nobody would stop them, and the port would stay taken."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
