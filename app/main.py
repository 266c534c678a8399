"""The composition root: the only place that puts the parts together."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from app import logs
from app.accounts.ports import Directory, Ledger, RateLimit
from app.cards import cards_for
from app.dialects.stability.v1 import V1
from app.dialects.stability.v1alpha import V1Alpha
from app.dialects.stability.v1beta import V1Beta
from app.errors import StoreUnavailable
from app.filters import OutputFilter, PromptFilter, WordOutputFilter, read_list
from app.settings import Settings
from app.studio import Studio
from app.web.contract import base_of, bind, load
from app.web.dialect import Dialect
from app.web.front import Front
from app.web.guard import Guard
from app.web.operation import ASGIApp
from app.web.pages import Pages
from app.workshop import open_workshop
from engines.registry import Registry
from engines.types import EngineCard

if TYPE_CHECKING:
    from app.recording.opening import Relay
    from app.store.redis_store import RedisStore

SIGN_OF_LIFE = 30.0
"""Seconds between two signs of life to the store, each of which also repairs what others left behind."""


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
    def registry(self) -> type[Registry]:
        """What keeps the engines."""
        ...

    def dialects(self) -> Mapping[str, tuple[Dialect, Guard]]:
        """Further contracts, each with its dialect and guard."""
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
        self.store: Store = _redis(settings)

    def dialects(self) -> Mapping[str, tuple[Dialect, Guard]]:
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


def create_from_environment() -> ASGIApp:
    """Make the server as a worker process does: from the environment its parent gave it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        end_with(parent.pid)
    return create(Settings.from_mapping(os.environ))


def end_with(parent: int | None) -> None:
    """Let this process end when ``parent``, which started it, does."""
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def create(settings: Settings) -> ASGIApp:
    """The whole server as one ASGI application; connects to nothing before its start-up."""
    logs.start(settings.log_level)
    house = _house(settings)
    limits, store = settings.limits, house.store
    places = limits.generations or os.cpu_count() or 1
    hands = ThreadPoolExecutor(places, thread_name_prefix="hands")
    engines = open_workshop(settings, hands, places, house.registry)
    studio = Studio(
        engines.registry,
        store,
        PromptFilter(read_list(settings.prompt_words, "prompt.txt", "UNDERSTUDY_PROMPT_WORDS")),
        house.filter(WordOutputFilter(read_list(settings.output_words, "output.txt", "UNDERSTUDY_OUTPUT_WORDS"))),
        engines.desk,
        hands,
        limits.request_seconds,
    )
    first, *others = (kind(studio, hands, limits) for kind in (V1, V1Beta, V1Alpha))
    guard = Guard(store, _rate_limit(settings))
    served: dict[str, tuple[Dialect, Guard]] = {one.contract: (one, guard) for one in (first, *others)}
    paid = {name: load(name) for name in served}
    served |= house.dialects()
    documents = {name: paid.get(name) or load(name) for name in served}
    relay = _relay(settings)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        alive = asyncio.create_task(_stay_alive(store))
        engines.warm()
        try:
            yield
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive
            engines.registry.close()
            if relay is not None:
                await relay.close()
            hands.shutdown(wait=False, cancel_futures=True)  # Only the sketch family has done so already.
            await store.close()

    relayed = {} if relay is None else dict.fromkeys(paid, relay.compile)
    dialects = {name: dialect for name, (dialect, _) in served.items()}
    inner = bind(documents, dialects, {name: one for name, (_, one) in served.items()}, limits, lifespan, relayed)
    pages = Pages(documents, store.ping, lambda: len(engines.registry.cards()), engines.waiting)
    by_path = {base_of(documents[name]): dialect for name, dialect in dialects.items()}
    front = Front(house.inside(inner), pages, by_path, first, limits)
    return house.around(front, paid, engines.registry.cards)


async def prepare(settings: Settings, key: str, *, exclusive: bool) -> None:
    """Before the first worker starts: the first account, and the repair of what a crash left open."""
    store = _redis(settings)
    try:
        await store.bootstrap(key, round(settings.credits * 1_000_000))
        await store.recover(exclusive=exclusive)
    finally:
        await store.close()


def _relay(settings: Settings) -> Relay | None:
    """Who answers in place of the engines while recording and replaying; their code is loaded only then."""
    if settings.recording.record is None and settings.recording.replay is None:
        return None
    from app.recording.opening import open_relay  # noqa: PLC0415

    return open_relay(settings.recording, cards_for(settings), settings.limits)


def _house(settings: Settings) -> House:
    """Test mode's code is loaded only then, and redis only otherwise."""
    if not settings.test:
        return Ordinary(settings)
    from app.double import Double  # noqa: PLC0415

    return Double(settings, _rate_limit(settings))


def _redis(settings: Settings) -> RedisStore:
    if settings.redis_url is None:
        raise ValueError("the server needs the address of its store")
    from app.store.redis_store import RedisStore  # noqa: PLC0415

    return RedisStore(settings.redis_url)


def _rate_limit(settings: Settings) -> RateLimit | None:
    if not settings.rate_limit:
        return None
    return RateLimit(settings.rate_requests, settings.rate_window, settings.rate_lockout)


def _watch(parent: int | None) -> None:
    """Workers must not outlive their parent: nobody would stop them, and the port would stay taken."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


async def _stay_alive(store: Store) -> None:
    while True:
        with suppress(StoreUnavailable):
            await store.recover(exclusive=False)
        await asyncio.sleep(SIGN_OF_LIFE)
