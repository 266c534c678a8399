"""The device that engines run on: which one, in which precision, with how much memory, and what its errors mean."""

from __future__ import annotations

import gc
import platform
import sys
from pathlib import Path
from typing import Any

import torch

from engines.loading import memory
from engines.loading.model import BudgetExceeded
from engines.weights.setup import AUTO

GIB = 1 << 30
RAM_SHARE = 0.5
"""Of the memory that this process may use; the server, the system and the work itself live there too."""
MPS_SHARE = 0.75
"""Of the memory that Metal recommends at most."""

_NO_MEMORY = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "alloc_failed",
    "invalid buffer size",
    "unable to find an engine",
    "unable to find a valid cudnn algorithm",
)
"""In lower case, what CUDA, Metal, cuBLAS, cuDNN and the allocator of the CPU say when memory runs out.

cuDNN does not say so: none of its ways to convolve finds the room that it needs.
"""


class DeviceMissing(Exception):
    """The machine, or this build of torch, has no such device."""


class Device:
    """One device. ``torch`` is its handle, always with a number on CUDA; ``name`` is what people call it."""

    def __init__(self, torch_device: torch.device) -> None:
        self.torch = torch_device
        self.name = _name(torch_device)
        self.budget = _budget(torch_device)
        """Bytes that weights may take; what the work itself needs is left free."""

    @classmethod
    def choose(cls, name: str) -> Device:
        """The device of this name; ``auto`` is CUDA before Metal before the CPU. Raises ``DeviceMissing``."""
        wanted = _best() if name == AUTO else name
        try:
            device = torch.device(wanted)
        except RuntimeError as error:
            raise DeviceMissing(f"{name} is no device: use auto, cpu, mps, cuda or cuda:<n>") from error
        if device.type == "cuda":
            return cls(_cuda(device))
        if device.type == "mps" and not torch.backends.mps.is_available():
            raise DeviceMissing("mps: this machine or this build of torch has no Metal")
        if device.type not in {"cpu", "mps"}:
            raise DeviceMissing(f"{name} is not supported: use auto, cpu, mps, cuda or cuda:<n>")
        return cls(torch.device(device.type))

    def dtype(self, wanted: str) -> torch.dtype:
        """The precision of that name; ``auto`` is half on GPUs, bfloat16 on CPUs that calculate in it, else single."""
        if wanted != AUTO:
            chosen: torch.dtype = getattr(torch, wanted)
            return chosen
        if self.torch.type in {"cuda", "mps"}:
            return torch.float16
        return torch.bfloat16 if native_bfloat16() else torch.float32

    def place(self, module: Any, dtype: torch.dtype) -> Any:
        """The module, which is in this precision already, moved here and set to answering only.

        Convolutions get the order of channels they are fastest in: on CUDA, and on a CPU in half precisions, where
        float16 is up to 30 times slower without it. In float32 a CPU gains nothing. Any: a module of a library.
        """
        ordered = self.torch.type == "cuda" or (self.torch.type == "cpu" and dtype != torch.float32)
        layout = {"memory_format": torch.channels_last} if ordered else {}
        return module.to(self.torch, **layout).eval().requires_grad_(False)

    def is_out_of_memory(self, exc: BaseException) -> bool:
        """Whether the work failed for want of memory, so that less at once might do."""
        if isinstance(exc, torch.OutOfMemoryError | MemoryError | BudgetExceeded):
            return True
        return isinstance(exc, RuntimeError) and any(words in str(exc).lower() for words in _NO_MEMORY)

    def is_broken(self, exc: BaseException) -> bool:
        """Whether the device will fail whatever this process asks of it from now on.

        After some faults CUDA answers every further call of the process with an error, after others it goes on as
        before; so it is asked.
        """
        if self.torch.type != "cuda" or not isinstance(exc, RuntimeError) or self.is_out_of_memory(exc):
            return False
        try:
            torch.cuda.synchronize(self.torch)
        except RuntimeError:
            return True
        return False

    def free(self) -> None:
        """Give back all memory that nothing refers to any more."""
        gc.collect()
        if self.torch.type == "cuda":
            torch.cuda.empty_cache()
        elif self.torch.type == "mps":
            torch.mps.empty_cache()
        memory.give_back()


def native_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AMX, AVX-512 BF16 or Arm's BF16); others only imitate it."""
    if platform.machine().lower() in {"arm64", "aarch64"}:
        return _arm_bfloat16()
    # The names with an underscore are all that torch 2.8 had.
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _arm_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Only Linux says so in a file. On a Mac the GPU does the work."""
    if sys.platform != "linux":
        return False
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    return any("bf16" in line.split() for line in lines if line.startswith("Features"))


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _cuda(device: torch.device) -> torch.device:
    if not torch.cuda.is_available():
        raise DeviceMissing(f"{device}: this machine or this build of torch has no CUDA")
    number = device.index or 0
    if number >= torch.cuda.device_count():
        raise DeviceMissing(f"{device}: there are {torch.cuda.device_count()} CUDA devices, counted from 0")
    chosen = torch.device("cuda", number)
    torch.cuda.set_device(chosen)  # Libraries that name no device would open another one too.
    torch.backends.cudnn.deterministic = True  # One seed is one picture; cuDNN also knows ways that add up at random.
    return chosen


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return "Apple GPU" if device.type == "mps" else platform.processor() or platform.machine()


def _budget(device: torch.device) -> int:
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return max(0, free - _headroom(total))
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() * MPS_SHARE)
    return int(memory.allowed() * RAM_SHARE)


def _headroom(total: int) -> int:
    """What work needs beside weights: a quarter of the device, at least 1 GiB and at most 6."""
    return min(max(total // 4, GIB), 6 * GIB)
