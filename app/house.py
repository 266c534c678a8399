"""The house that a server is built into: the ordinary one, and the port of what test mode has its own of."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from app.accounts.ports import Directory, Ledger
from app.accounts.standing import Acquaintances
from app.filters import OutputFilter
from app.gallery.folder import Gallery
from app.settings import Settings
from app.store.opening import open_store
from app.web.dialect import Dialect
from app.web.front import Front
from app.web.guard import Guard
from app.web.operation import ASGIApp
from engines.registry import Registry
from engines.types import EngineCard


class Store(Directory, Ledger, Protocol):
    """Where accounts and credits are kept."""

    async def ping(self) -> None:
        """Return when it answers. Raises ``StoreUnavailable``."""
        ...

    async def recover(self, exclusive: bool) -> object:
        """Give a sign of life and repair what others left behind."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


class House(Protocol):
    """What test mode has its own of."""

    @property
    def store(self) -> Store:
        """Accounts and credits."""
        ...

    @property
    def acquaintances(self) -> Acquaintances | None:
        """Who remembers callers; None where each request has to be looked at."""
        ...

    @property
    def registry(self) -> type[Registry]:
        """What keeps the engines."""
        ...

    @property
    def pictures(self) -> Path | None:
        """The folder of the gallery; None for one that is gone when the server is."""
        ...

    def now(self) -> float:
        """Unix seconds, for the request at hand."""
        ...

    def time_of(self, organization_id: str) -> float:
        """Unix seconds, for an organization, whoever asks."""
        ...

    def dialects(
        self, documents: Mapping[str, dict[str, Any]], gallery: Gallery
    ) -> Mapping[str, tuple[Dialect, Guard]]:
        """Further contracts, each with its dialect and guard, given the contracts of the services and their gallery."""
        ...

    def filter(self, usual: OutputFilter) -> OutputFilter:
        """The output filter, given the usual one."""
        ...

    def inside(self, operations: ASGIApp) -> ASGIApp:
        """What the front calls, given the operations."""
        ...

    def around(
        self, front: Front, documents: Mapping[str, dict[str, Any]], cards: Callable[[], tuple[EngineCard, ...]]
    ) -> ASGIApp:
        """What the socket calls; it has ``limits`` and ``word`` as the front does."""
        ...


class Ordinary:
    """The house as its owner runs it: everything in Redis, nothing in between."""

    registry = Registry

    def __init__(self, settings: Settings) -> None:
        self.store: Store = open_store(settings)
        self.acquaintances: Acquaintances | None = Acquaintances()
        self.pictures: Path | None = settings.home / "pictures"

    def now(self) -> float:
        """The time."""
        return time.time()

    def time_of(self, organization_id: str) -> float:
        """The time."""
        return time.time()

    def dialects(
        self, documents: Mapping[str, dict[str, Any]], gallery: Gallery
    ) -> Mapping[str, tuple[Dialect, Guard]]:
        """None."""
        return {}

    def filter(self, usual: OutputFilter) -> OutputFilter:
        """The usual one."""
        return usual

    def inside(self, operations: ASGIApp) -> ASGIApp:
        """The operations."""
        return operations

    def around(
        self, front: Front, documents: Mapping[str, dict[str, Any]], cards: Callable[[], tuple[EngineCard, ...]]
    ) -> ASGIApp:
        """The front."""
        return front
