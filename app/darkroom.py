"""Where picture work is done: off the event loop, and only once as long as its result is remembered."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from engines.memory import Memory, Same
from engines.types import Pixels

T = TypeVar("T")


class Darkroom:
    """``hands`` do the work; ``memory`` keeps what it gave."""

    def __init__(self, hands: Executor, memory: Memory) -> None:
        self._hands = hands
        self.memory = memory

    async def work(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do work off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._hands, work, *arguments)

    async def once(self, key: Hashable, size: Callable[[T], int], work: Callable[..., T], *arguments: Any) -> T:
        """What is remembered under the key, at once; else what the work gives, remembered with its size in bytes."""
        found: T | None = self.memory.get(key)
        if found is not None:
            return found
        return await self.work(self.memory.once, key, functools.partial(work, *arguments), size)

    async def written(self, form: Callable[[Pixels], bytes], pictures: Sequence[Pixels]) -> Sequence[bytes]:
        """Every picture in this form, all at the same time; what is remembered at once."""
        keys = [(form, Same(pixels)) for pixels in pictures]
        known = [self.memory.get(key) for key in keys]
        if None not in known:
            return known
        writing = (self.once(key, len, form, pixels) for key, pixels in zip(keys, pictures, strict=True))
        return await asyncio.gather(*writing)
