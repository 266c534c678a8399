"""The composition root: the only place that puts the parts together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from app import logs
from app.accounts.ports import RateLimit
from app.cards import cards_for
from app.darkroom import Darkroom
from app.dialects.served import RECORDED, SERVED, Kind
from app.dialects.stability.v1 import ERA
from app.errors import GalleryUnavailable, StoreUnavailable
from app.fetching.fetcher import Fetcher
from app.filters import PromptFilter, WordOutputFilter, read_list
from app.gallery.folder import Gallery
from app.hands import open_hands
from app.house import House, Ordinary, Store
from app.laboratory import Laboratory
from app.settings import BadSetting, Settings
from app.studio import Studio
from app.till import Till
from app.tools import Tools
from app.web.contract import answer_headers, bind, territories
from app.web.dialect import Dialect
from app.web.documents import load
from app.web.front import Front
from app.web.guard import Guard
from app.web.operation import ASGIApp
from app.web.pages import Pages
from app.workshop import Engines, open_workshop
from engines.types import Task

if TYPE_CHECKING:
    from app.recording.opening import Relay

SIGN_OF_LIFE = 30.0
"""Seconds between two signs of life to the store, each of which also repairs what others left behind."""


def create(settings: Settings) -> ASGIApp:
    """The whole server as one ASGI application; connects to nothing before its start-up."""
    logs.start(settings.log_level)
    house = _house(settings)
    limits, store = settings.limits, house.store
    places = limits.generations or os.cpu_count() or 1
    hands = open_hands(places)
    engines = open_workshop(settings, hands, places, house.registry)
    tools = equip(settings, house, engines, hands)
    gallery = tools.gallery
    relay = _relay(settings)
    guard = Guard(store, _rate_limit(settings), house.acquaintances)
    served: dict[str, tuple[Dialect, Guard]] = {kind.contract: (kind(tools), guard) for kind in _kinds(settings)}
    paid = {name: load(name) for name in served}
    served |= house.dialects(paid, gallery)
    documents = {name: paid.get(name) or load(name) for name in served}
    dialects = {name: dialect for name, (dialect, _) in served.items()}

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        alive = [asyncio.create_task(work) for work in (_stay_alive(store), _keep_tidy(gallery))]
        engines.warm()
        try:
            yield
        finally:
            for task in alive:
                task.cancel()
            await asyncio.wait(alive)
            engines.registry.close()
            engines.analysts.close()
            await gallery.close()
            if relay is not None:
                await relay.close()
            hands.shutdown(wait=False, cancel_futures=True)  # Only the sketch family has done so already.
            await store.close()

    relayed = {} if relay is None else dict.fromkeys(paid, relay.compile)
    inner = bind(documents, dialects, {name: one for name, (_, one) in served.items()}, limits, lifespan, relayed)
    pages = Pages(documents, store.ping, lambda: len(engines.registry.cards()), engines.waiting)
    exposed = sorted(frozenset[str]().union(*map(answer_headers, documents.values())))
    by_path = territories(documents, dialects)
    front = Front(house.inside(inner), pages, by_path, next(iter(dialects.values())), limits, exposed)
    return house.around(front, paid, engines.registry.cards)


def equip(settings: Settings, house: House, engines: Engines, hands: Executor) -> Tools:
    """What every dialect is given to work with; ``hands`` do what takes long."""
    limits = settings.limits
    darkroom = Darkroom(hands, engines.memory)
    till = Till(house.store, house.now)
    studio = Studio(
        engines.registry,
        till,
        PromptFilter(read_list(settings.prompt_words, "prompt.txt", "UNDERSTUDY_PROMPT_WORDS")),
        house.filter(WordOutputFilter(read_list(settings.output_words, "output.txt", "UNDERSTUDY_OUTPUT_WORDS"))),
        engines.desk,
        darkroom,
        limits.request_seconds,
    )
    services = settings.services
    gallery = Gallery(house.pictures, services.picture_seconds, services.picture_bytes, house.time_of)
    return Tools(
        studio,
        till,
        Laboratory(engines.analysts, engines.desk, limits.request_seconds),
        gallery,
        Fetcher(services.fetch_private, services.fetch_bytes, services.fetch_seconds),
        darkroom,
        limits,
        services,
        house.now,
    )


def _kinds(settings: Settings) -> tuple[Kind, ...]:
    """The dialects to serve, and only those of the service that is recorded or replayed. Raises ``BadSetting``."""
    _check_models(settings)
    recorded = settings.recording.record or settings.recording.replay
    return RECORDED if recorded else SERVED


def _check_models(settings: Settings) -> None:
    """Hold the owner's choice of engines to contracts and engines that there are. Raises ``BadSetting``."""
    if not settings.services.models:
        return  # The cards of real engines are read from a file.
    known = {kind.contract for kind in SERVED}
    cards = {card.id: card for card in cards_for(settings)}
    for name, engine_id in settings.services.models:
        if name.partition("/")[0] not in known:
            raise BadSetting(f"UNDERSTUDY_MODELS: use contract/model=engine-id with one of {', '.join(sorted(known))}")
        if engine_id not in cards:
            raise BadSetting(f"UNDERSTUDY_MODELS: there is no engine {engine_id}")
        if Task.TEXT_TO_IMAGE not in cards[engine_id].tasks:
            raise BadSetting(f"UNDERSTUDY_MODELS: {engine_id} does not draw from text")


def _relay(settings: Settings) -> Relay | None:
    """Who answers in place of the engines while recording and replaying; their code is loaded only then."""
    if settings.recording.record is None and settings.recording.replay is None:
        return None
    from app.recording.opening import open_relay  # noqa: PLC0415

    known = tuple(card for card in cards_for(settings) if card.era == ERA)
    return open_relay(settings.recording, known, settings.limits)


def _house(settings: Settings) -> House:
    """Test mode's code is loaded only then, and redis only otherwise."""
    if not settings.test:
        return Ordinary(settings)
    from app.double import Double  # noqa: PLC0415

    return Double(settings, _rate_limit(settings))


def _rate_limit(settings: Settings) -> RateLimit | None:
    if not settings.rate_limit:
        return None
    return RateLimit(settings.rate_requests, settings.rate_window, settings.rate_lockout)


async def _stay_alive(store: Store) -> None:
    """Repair what others left behind, again and again."""
    while True:
        with suppress(StoreUnavailable):
            await store.recover(exclusive=False)
        await asyncio.sleep(SIGN_OF_LIFE)


async def _keep_tidy(gallery: Gallery) -> None:
    """Clear away old pictures, again and again; a slow disk must not keep the sign of life waiting."""
    while True:
        with suppress(GalleryUnavailable):
            await gallery.sweep()
        await asyncio.sleep(SIGN_OF_LIFE)
