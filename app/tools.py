"""What every dialect is given to work with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.darkroom import Darkroom
from app.environment import BadSetting
from app.fetching.fetcher import Fetcher
from app.gallery.folder import Gallery
from app.laboratory import Laboratory
from app.settings import Limits, Services
from app.studio import Studio
from app.till import Till
from engines.types import Pixels

T = TypeVar("T")

HOST = re.compile(r"[\w.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tools:
    """The rooms behind the counter.

    ``darkroom`` is where picture work is done; ``now`` gives Unix seconds.
    """

    studio: Studio
    till: Till
    laboratory: Laboratory
    gallery: Gallery
    fetcher: Fetcher
    darkroom: Darkroom
    limits: Limits
    services: Services
    now: Callable[[], float]

    def address(self, headers: Mapping[str, str]) -> str:
        """Where this server is for a caller who sent these headers, without a slash at its end."""
        if self.services.public_url:
            return self.services.public_url
        host = headers.get("host", "")
        return f"http://{host if HOST.fullmatch(host) else 'localhost'}"

    async def by_hand(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do picture work off the event loop."""
        return await self.darkroom.work(work, *arguments)

    async def written(self, form: Callable[[Pixels], bytes], pictures: Sequence[Pixels]) -> Sequence[bytes]:
        """Every picture in this form, written off the event loop or remembered."""
        return await self.darkroom.written(form, pictures)

    def models(self, contract: str, own: Mapping[str, str]) -> dict[str, str]:
        """The engine of every model of a contract: its ``own`` choice, or the owner's.

        Raises ``BadSetting`` where the owner names a model that the contract does not have.
        """
        chosen = dict(own)
        for name, engine_id in self.services.models:
            served, _, model = name.partition("/")
            if served != contract:
                continue
            if model not in own:
                raise BadSetting(f"UNDERSTUDY_MODELS: {contract} has no model {model!r}, only {', '.join(own)}")
            chosen[model] = engine_id
        return chosen
