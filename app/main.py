"""The composition root: the only place that puts the parts together."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from app import logs
from app.accounts.ports import RateLimit
from app.cards import cards_for
from app.dialects.stability.v1 import V1
from app.dialects.stability.v1alpha import V1Alpha
from app.dialects.stability.v1beta import V1Beta
from app.errors import StoreUnavailable
from app.filters import PromptFilter, WordOutputFilter, read_list
from app.settings import Settings
from app.store.redis_store import RedisStore
from app.studio import Studio
from app.web.contract import base_of, bind, load
from app.web.front import Front
from app.web.guard import Guard
from app.web.pages import Pages
from app.workshop import open_workshop

if TYPE_CHECKING:
    from app.recording.opening import Relay

SIGN_OF_LIFE = 30.0
"""Seconds between two signs of life to the store, each of which also repairs what others left behind."""


def create_from_environment() -> Front:
    """Make the server as a worker process does: from the environment its parent gave it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.pid,), name="parent-watch", daemon=True).start()
    return create(Settings.from_mapping(os.environ))


def create(settings: Settings) -> Front:
    """The whole server as one ASGI application; connects to nothing before its start-up."""
    logs.start(settings.log_level)
    if settings.redis_url is None:
        raise ValueError("the server needs the address of its store")
    limits = settings.limits
    store = RedisStore(settings.redis_url)
    places = limits.generations or os.cpu_count() or 1
    hands = ThreadPoolExecutor(places, thread_name_prefix="hands")
    engines = open_workshop(settings, hands, places)
    studio = Studio(
        engines.registry,
        store,
        PromptFilter(read_list(settings.prompt_words, "prompt.txt", "UNDERSTUDY_PROMPT_WORDS")),
        WordOutputFilter(read_list(settings.output_words, "output.txt", "UNDERSTUDY_OUTPUT_WORDS")),
        engines.desk,
        hands,
        limits.request_seconds,
    )
    dialects = {kind.contract: kind(studio, hands, limits) for kind in (V1, V1Beta, V1Alpha)}
    documents = {name: load(name) for name in dialects}
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

    guard = Guard(store, _rate_limit(settings))
    relayed = {} if relay is None else dict.fromkeys(documents, relay.compile)
    inner = bind(documents, dialects, dict.fromkeys(documents, guard), limits, lifespan, relayed)
    pages = Pages(documents, store.ping, lambda: len(engines.registry.cards()), engines.waiting)
    by_path = {base_of(documents[name]): dialect for name, dialect in dialects.items()}
    return Front(inner, pages, by_path, dialects[V1.contract], limits)


async def prepare(settings: Settings, key: str, *, exclusive: bool) -> None:
    """Before the first worker starts: the first account, and the repair of what a crash left open."""
    store = RedisStore(settings.redis_url or "")
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


def _rate_limit(settings: Settings) -> RateLimit | None:
    if not settings.rate_limit:
        return None
    return RateLimit(settings.rate_requests, settings.rate_window, settings.rate_lockout)


def _end_with(parent: int | None) -> None:
    """Workers must not outlive their parent: nobody would stop them, and the port would stay taken."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


async def _stay_alive(store: RedisStore) -> None:
    while True:
        with suppress(StoreUnavailable):
            await store.recover(exclusive=False)
        await asyncio.sleep(SIGN_OF_LIFE)
