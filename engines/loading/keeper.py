"""Loads engines when they are needed, lends them, and lets go of those that were not used for longest."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from engines.diffusion.safety import SafetyChecker
from engines.loading import kits
from engines.loading.components import Components
from engines.loading.device import Device
from engines.loading.kits import Kit
from engines.loading.model import BudgetExceeded, Model
from engines.loading.shelf import Shelf
from engines.reading.kit import reader
from engines.reading.reader import Reader
from engines.weights.setup import AnalystSetup, EngineSetup, Located
from engines.worker.messages import Holding, Holdings

_log = logging.getLogger(__name__)
CHECKER = "safety checker"


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """An engine or a checker with the keys of its components."""

    name: str
    model: Any
    keys: frozenset[str]


class Keeper:
    """Holds at most ``budget`` bytes of weights on the device.

    Whoever borrows gives nothing back: what was lent last counts as in use. Not for several threads.
    """

    def __init__(self, device: Device, budget: int) -> None:
        self._device = device
        self._budget = budget
        self._components = Components(device)
        self._shelf = Shelf()
        self._loaded: dict[Hashable, _Loaded] = {}
        """In the order of their last use."""
        self._in_use: set[Hashable] = set()

    def lend(self, setup: EngineSetup, located: Located, guidance: Located | None) -> Model:
        """The engine, loaded now if it is not yet; it is in use until the next one is lent.

        Raises ``WeightsUnusable``, and ``BudgetExceeded`` for one that alone is too large.
        """
        self._in_use.clear()
        key = (setup, located, guidance)
        model: Model = self._lent(key, setup.engine_id, lambda: kits.engine(setup, located, guidance, self._components))
        return model

    def reader(self, setup: AnalystSetup, located: Located) -> Reader:
        """The analyst, lent as an engine is."""
        self._in_use.clear()
        found: Reader = self._lent((setup, located), setup.engine_id, lambda: reader(setup, located, self._components))
        return found

    def safety(self, located: Located) -> SafetyChecker:
        """The checker, loaded likewise; it never takes the place of the engine in use."""
        checker: SafetyChecker = self._lent(located, CHECKER, lambda: kits.checker(located, self._components))
        return checker

    def holdings(self) -> Holdings:
        """Every loaded engine, and all bytes held, those of checkers included."""
        keys: dict[str, frozenset[str]] = {}
        for loaded in self._loaded.values():
            keys[loaded.name] = keys.get(loaded.name, frozenset()) | loaded.keys
        engines = tuple(Holding(name, self._shelf.size(used)) for name, used in keys.items() if name != CHECKER)
        return Holdings(engines, self._shelf.size())

    def release(self) -> None:
        """Let go of everything but what is in use."""
        for key in [key for key in self._loaded if key not in self._in_use]:
            self._evict(key, frozenset())
        self._device.free()

    def _lent(self, key: Hashable, name: str, kit: Callable[[], Kit]) -> Any:
        loaded = self._loaded.pop(key, None) or self._load(name, kit())
        self._loaded[key] = loaded
        self._in_use.add(key)
        return loaded.model

    def _load(self, name: str, kit: Kit) -> _Loaded:
        self._make_room(kit)
        try:
            return _Loaded(name, kit.make(self._taken(name, kit)), kit.keys)
        except BaseException:
            self._shelf.keep(self._used())
            raise

    def _taken(self, name: str, kit: Kit) -> dict[str, Any]:
        """The components by name; those that nobody else has loaded are loaded now."""
        taken = {}
        for number, want in enumerate(kit.wants, 1):
            began, shared = time.monotonic(), want.key in self._shelf
            taken[want.name] = self._shelf.take(want)
            if not shared:
                seconds = round(time.monotonic() - began, 2)
                progress = f"{number} of {len(kit.wants)}"
                _say("component loaded", name, component=want.name, number=progress, seconds=seconds, size=want.size)
        return taken

    def _make_room(self, kit: Kit) -> None:
        """Evict until the kit fits, the least recently used first."""
        pinned = frozenset[str]().union(*(self._loaded[key].keys for key in self._in_use))
        least = kit.size + self._shelf.size(pinned - kit.keys)
        if least > self._budget:
            raise BudgetExceeded(least, self._budget)
        evicted = False
        while kit.size + self._shelf.size(self._used() - kit.keys) > self._budget:
            self._evict(next(key for key in self._loaded if key not in self._in_use), kit.keys)
            evicted = True
        if evicted:
            self._device.free()

    def _evict(self, key: Hashable, wanted: frozenset[str]) -> None:
        """Components that others use, or that are wanted next, stay."""
        before = self._shelf.size()
        name = self._loaded.pop(key).name
        self._shelf.keep(self._used() | wanted)
        _say("engine evicted", name, size=before - self._shelf.size())

    def _used(self) -> frozenset[str]:
        return frozenset[str]().union(*(loaded.keys for loaded in self._loaded.values()))


def _say(event: str, name: str, *, size: int, **facts: str | float) -> None:
    told = {"engine": name, **facts, "megabytes": round(size / 1e6, 1)}
    _log.info(event, extra={"facts": told})
