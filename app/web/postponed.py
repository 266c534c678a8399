"""Imports that a library makes and serving never needs, put off until somebody uses them.

Connexion imports the parts of every way to use it: a test client, two HTTP clients, templates, a development server.
They took half of its import. Nothing is taken away: whoever uses such a part, through Connexion or by importing it,
gets the real one.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def postponed(parts: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """While the block runs, importing one of these modules imports nothing; afterwards all is as it was.

    ``parts`` names, by module, what is taken from it by ``from … import``: classes and functions that the block only
    mentions and does not call. Other names, and all of them later on, come from the real module, imported by the first
    who asks. Modules that are imported already are left alone.
    """
    stand_ins = {name: _StandIn(name, promised) for name, promised in parts.items() if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            _restore(name)


class _StandIn(ModuleType):
    """What ``import`` finds in place of the module."""

    def __init__(self, name: str, promised: tuple[str, ...]) -> None:
        super().__init__(name)
        vars(self).update({one: _Promise(name, one) for one in promised})

    def __getattr__(self, name: str) -> Any:  # whatever the module has
        if name.startswith("__"):
            raise AttributeError(name)  # The import system looks for __path__: a stand-in is no package.
        return _real(self.__name__, name)


class _Promise:
    """A class or function of a module that is not imported before this is called."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __call__(self, *args: Any, **options: Any) -> Any:  # whatever the real one takes and gives
        return _real(self._module, self._name)(*args, **options)


def _real(module: str, name: str) -> Any:
    _restore(module)
    return getattr(importlib.import_module(module), name)


def _restore(name: str) -> None:
    if isinstance(sys.modules.get(name), _StandIn):
        del sys.modules[name]
