"""The real worker's main loop with a model that is none: it does steps until it is told to stop, or breaks."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from engines.loading.model import Order
from engines.types import Pixels
from engines.worker import child
from engines.worker.drawing import Drawing
from engines.worker.messages import Holdings, Ready


class _Parts:
    """Keeper, device and model in one."""

    def lend(self, *_: Any) -> _Parts:
        return self

    def safety(self, _: Any) -> Any:
        return None

    def holdings(self) -> Holdings:
        return Holdings((), 0)

    def release(self) -> None:
        return

    free = release

    def is_out_of_memory(self, _: BaseException, /) -> bool:
        return False

    def is_broken(self, error: BaseException, /) -> bool:
        return isinstance(error, RuntimeError)

    def draw(self, order: Order) -> Pixels:
        script = order.request.prompts[0].text
        if script == "break":
            raise RuntimeError("device-side assert")
        if script == "talk":
            _talk()
        for done in range(1, 120_000 if script == "work" else 3):
            order.watch.step(done, 120_000)
            time.sleep(0.005)
        if script == "busy":
            time.sleep(600)
        return np.zeros((8, 8, 3), np.uint8)


def _talk() -> None:
    logging.getLogger("transformers.tokenization").warning("the rest of 'my secret' is cut off")
    logging.getLogger("diffusers").error("something is wrong")
    logging.getLogger("engines.loading").info("evicted", extra={"facts": {"engine": "another"}})
    warnings.warn("my secret", stacklevel=1)


def _open(asked: str, _: Any, line: child.Line) -> Drawing:
    line.tell(Ready(asked, f"imitating {os.getpid()}", 1))
    parts = _Parts()
    return Drawing(parts, parts, line.tell)


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Work without torch."""
    child._open = _open
    child.main(descriptor, device, means)
