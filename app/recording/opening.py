"""Opening a folder to record into or to replay from, as the settings want it."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from connexion.operations import AbstractOperation

from app.recording.cap import Cap
from app.recording.recorder import Recorder
from app.recording.recordings import open_recordings
from app.recording.replayer import Replayer
from app.recording.upstream import Upstream
from app.settings import BadSetting, Limits, Recording
from app.web.guard import Guard
from app.web.operation import ASGIApp
from engines.prices import MICRO
from engines.types import EngineCard

log = logging.getLogger("understudy.recording")


class Relay(Protocol):
    """Who answers in place of the engines."""

    def compile(self, operation: AbstractOperation, guard: Guard, limits: Limits) -> ASGIApp:
        """An operation as this relay answers it."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


def open_relay(wanted: Recording, cards: Sequence[EngineCard], limits: Limits) -> Relay | None:
    """The recorder or the replayer that is wanted, or None. Raises ``BadSetting`` for a folder that cannot be used."""
    if wanted.replay is not None:
        return _replayer(wanted.replay)
    if wanted.record is not None and wanted.upstream is not None:
        return _recorder(wanted, wanted.record, wanted.upstream, cards, limits)
    return None


def _replayer(folder: Path) -> Replayer:
    recordings = open_recordings(folder, "UNDERSTUDY_REPLAY")
    if not len(recordings):
        raise BadSetting(f"UNDERSTUDY_REPLAY={str(folder)!r}: there are no recordings in this folder")
    log.info("replaying", extra={"facts": {"folder": str(folder), "exchanges": len(recordings)}})
    return Replayer(recordings)


def _recorder(wanted: Recording, folder: Path, upstream: str, cards: Sequence[EngineCard], limits: Limits) -> Recorder:
    with ExitStack() as claimed:
        claimed.callback(os.close, _claim(folder))
        recordings = open_recordings(folder, "UNDERSTUDY_RECORD")
        cap = Cap(folder, wanted.spending_cap)
        facts = {"upstream": upstream, "folder": str(folder), "exchanges": len(recordings)}
        figures = {"spent": cap.spent / MICRO, "cap": wanted.spending_cap / MICRO}
        log.info("recording", extra={"facts": {**facts, **figures}})
        service = Upstream(upstream, wanted.upstream_key, limits.request_seconds)
        return Recorder(recordings, service, cap, cards, wanted.upstream_key, claimed.pop_all())


def _claim(folder: Path) -> int:
    """Make the folder, and keep every other server from recording into it: two would count past the cap."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as problem:
        raise BadSetting(f"UNDERSTUDY_RECORD={str(folder)!r}: {problem.strerror}") from problem
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(descriptor)
        raise BadSetting(f"UNDERSTUDY_RECORD={str(folder)!r}: another server records into this folder") from problem
    return descriptor
