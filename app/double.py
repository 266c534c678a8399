"""The test double: what test mode puts in the place of the store, of accounts and of the usual course of things.

Only imported in test mode.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.accounts.ports import RateLimit
from app.accounts.standing import Acquaintances
from app.dialects.control import Control
from app.errors import UnknownKey
from app.filters import OutputFilter
from app.gallery.folder import Gallery
from app.settings import BadSetting, Settings
from app.testing.operations import Operations, names
from app.testing.stage import Prompter, Stage
from app.web.dialect import Dialect
from app.web.front import Front
from app.web.guard import Guard
from app.web.operation import ASGIApp
from app.worlds import now
from app.worlds.books import Books, Doorman
from app.worlds.engines import VisibleRegistry
from app.worlds.keys import read_key
from app.worlds.opening import Bounds, Opening
from app.worlds.world import World
from app.worlds.worlds import Worlds
from engines.prices import MICRO
from engines.registry import Registry
from engines.types import EngineCard, GenerationRequest, Picture


class Double:
    """Builds worlds in memory and the parts around them, with what ``settings`` say of new worlds."""

    registry: type[Registry] = VisibleRegistry

    def __init__(self, settings: Settings, rate_limit: RateLimit | None) -> None:
        _check_key(settings.api_key)
        opening = Opening(round(settings.credits * MICRO), settings.strict, rate_limit)
        self._worlds = Worlds(Bounds(settings.worlds, settings.world_seconds, settings.journal), opening)
        self.store = Books(self._worlds)
        self.acquaintances: Acquaintances | None = None
        self.pictures: Path | None = None

    def now(self) -> float:
        """The time in the world of the request."""
        return _time_in(now.current.get())

    def time_of(self, organization_id: str) -> float:
        """The time in the world whose organization it is."""
        return _time_in(self._worlds.of_organization(organization_id))

    def dialects(
        self, documents: Mapping[str, dict[str, Any]], gallery: Gallery
    ) -> Mapping[str, tuple[Dialect, Guard]]:
        """The control API, whose requests count against no rate limit."""
        control = Control(self._worlds, names(documents), gallery)
        return {Control.contract: (control, Guard(Doorman(self._worlds), None))}

    def filter(self, usual: OutputFilter) -> OutputFilter:
        """The filter that can be made to trip."""
        return ForcedFilter(usual)

    def inside(self, operations: ASGIApp) -> ASGIApp:
        """What the front calls."""
        return Prompter(operations)

    def around(
        self, front: Front, documents: Mapping[str, dict[str, Any]], cards: Callable[[], tuple[EngineCard, ...]]
    ) -> Stage:
        """What the socket calls; ``documents`` are the contracts that outcomes are played on."""
        return Stage(front, self._worlds, Operations(documents), cards)


class ForcedFilter:
    """Trips when the request at hand is to be filtered, and where the usual filter does."""

    def __init__(self, usual: OutputFilter) -> None:
        self._usual = usual

    def trips(self, request: GenerationRequest, picture: Picture) -> bool:
        """Whether the picture is to be blurred."""
        return now.forced_filter.get() or self._usual.trips(request, picture)


def _time_in(world: World | None) -> float:
    return world.clock.now() if world else time.time()


def _check_key(key: str | None) -> None:
    """The owner's key is like any other here, but has to be one."""
    try:
        read_key(key or "sk-any")
    except UnknownKey:
        raise BadSetting(
            "UNDERSTUDY_API_KEY: in test mode use sk- and 3 to 253 letters, digits, dots, dashes, underscores"
        ) from None
