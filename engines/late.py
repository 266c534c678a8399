"""Libraries that are imported when the first picture is worked on: a server that draws nothing needs none of them."""

from __future__ import annotations

import importlib
from typing import Any


class Late:
    """A module by its name, imported by whoever asks for the first thing in it."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:  # whatever the module has
        return getattr(importlib.import_module(self._name), name)
