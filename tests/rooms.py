"""The tools of a dialect for tests without a server: whatever is not given is not there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from app.darkroom import Darkroom
from app.settings import Limits, Services
from app.tools import Tools
from engines.memory import Memory

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from app.fetching.fetcher import Fetcher
    from app.gallery.folder import Gallery
    from app.laboratory import Laboratory
    from app.studio import Studio
    from app.till import Till


@dataclass(frozen=True, slots=True)
class Empty:
    """A room that nobody may enter: using it is a mistake of the test."""

    name: str

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"this test has no {self.name}, so nothing can ask it for {name}")


def tools(
    *,
    studio: Studio | None = None,
    hands: Executor | None = None,
    services: Services | None = None,
    limits: Limits | None = None,
) -> Tools:
    """Tools with these rooms; the others are empty."""
    return Tools(
        studio or cast("Studio", Empty("studio")),
        cast("Till", Empty("till")),
        cast("Laboratory", Empty("laboratory")),
        cast("Gallery", Empty("gallery")),
        cast("Fetcher", Empty("fetcher")),
        Darkroom(hands or cast("Executor", Empty("hands")), Memory(0)),
        limits or Limits(),
        services or Services(),
        time.time,
    )
