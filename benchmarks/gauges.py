"""Seconds and bytes of one piece of work on a device."""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from engines.loading.device import Device

T = TypeVar("T")
_PAUSE = 0.005
"""Seconds between two looks at memory, where the device does not keep the highest figure itself."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a piece of work took, in seconds and bytes.

    ``memory`` is the highest figure during the work less the one before it; ``total`` is the highest figure for the
    whole process, on CUDA what its allocator had reserved.
    """

    seconds: float
    processor: float
    """Seconds in which the processor worked for this process, all threads together."""
    memory: int
    total: int


class Gauge:
    """Measures on one device."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def now(self) -> float:
        """Seconds at the moment when the device has done everything it was told to do."""
        kind = self._device.torch.type
        if kind == "cuda":
            torch.cuda.synchronize(self._device.torch)
        elif kind == "mps":
            torch.mps.synchronize()
        return time.perf_counter()

    def measure(self, work: Callable[[], T]) -> tuple[T, Usage]:
        """What the work gives, and what it took."""
        self._device.free()
        with self._peak() as peak:
            began, processor = self.now(), time.process_time()
            result = work()
            seconds, processor = self.now() - began, time.process_time() - processor
        return result, Usage(seconds, processor, peak.memory, peak.total)

    def _peak(self) -> _Counted | _Watched:
        kind = self._device.torch.type
        if kind == "cuda":
            return _Counted(self._device.torch)
        return _Watched(torch.mps.driver_allocated_memory if kind == "mps" else resident)


class _Counted(AbstractContextManager["_Counted"]):
    """CUDA's allocator counts itself. In all it holds what it has reserved, which is more than it has handed out."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.memory = self.total = 0

    def __enter__(self) -> _Counted:
        torch.cuda.reset_peak_memory_stats(self._device)
        self._before = torch.cuda.memory_allocated(self._device)
        return self

    def __exit__(self, *_: object) -> None:
        self.memory = torch.cuda.max_memory_allocated(self._device) - self._before
        self.total = torch.cuda.max_memory_reserved(self._device)


class _Watched(AbstractContextManager["_Watched"]):
    """A thread looks again and again."""

    def __init__(self, look: Callable[[], int]) -> None:
        self._look = look
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gauge")
        self.memory = self.total = 0

    def __enter__(self) -> _Watched:
        self._before = self.total = self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()
        self.memory = self.total - self._before

    def _watch(self) -> None:
        while not self._enough.wait(_PAUSE):
            self.total = max(self.total, self._look())


def resident(status: Path = Path("/proc/self/statm")) -> int:
    """Bytes of this process that are in RAM now; outside Linux the highest figure so far stands in for it."""
    if status.exists():
        return int(status.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
