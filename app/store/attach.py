"""Finds the store for one command: the running server's, or one started for the moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.store.embedded import POLL, EmbeddedStore, socket_url
from app.store.place import Place
from app.store.problems import StoreFailed, StoreOwned
from app.store.whisper import answers

PATIENCE = 10.0


@contextmanager
def attach(home: Path) -> Iterator[str]:
    """The address of the embedded store of ``home`` for as long as the block runs.

    Another command's store is never borrowed, because it goes away with that command: its turn is
    waited for. Raises ``StoreProblem``.
    """
    store = _start_or_find(home)
    if store is None:
        yield _running(home)
        return
    try:
        store.wait_ready()
        yield store.url
    finally:
        store.stop()


def _start_or_find(home: Path) -> EmbeddedStore | None:
    """A store of our own, or None when a server owns this home."""
    store = EmbeddedStore(home, serving=False)
    try:
        store.start()
    except StoreOwned as owned:
        if owned.serving:
            return None
        raise
    return store


def _running(home: Path) -> str:
    place = Place(home)
    end = time.monotonic() + PATIENCE
    while not answers(place.socket()):
        if time.monotonic() > end:
            raise StoreFailed(f"a server owns {place.home}, but its store does not answer")
        time.sleep(POLL)
    return socket_url(place.socket())
