"""What a worker learns about its device."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engines.loading import device as devices
from engines.loading import memory
from engines.loading.device import GIB, Device, DeviceMissing
from engines.loading.model import BudgetExceeded


@pytest.fixture
def cpu() -> Device:
    """The one device that every machine has."""
    return Device.choose("cpu")


@pytest.fixture
def cuda(cpu: Device) -> Device:
    """A device that takes itself for CUDA: what errors mean depends on the kind alone."""
    cpu.torch = torch.device("cuda", 0)
    return cpu


def test_auto_takes_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CUDA and Metal it is the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    assert Device.choose("auto").torch == torch.device("cpu")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that seems to have a card of 24 GiB, 23 of them free, and Metal."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "A card")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (23 * GIB, 24 * GIB))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 16 * GIB)
    return monkeypatch


def test_auto_prefers_cuda_to_metal(machine: pytest.MonkeyPatch) -> None:
    """The card is taken where there is one, and room for the work is left on it."""
    device = Device.choose("auto")

    assert (device.torch, device.name) == (torch.device("cuda", 0), "A card")
    assert device.budget == (23 - 6) * GIB


def test_auto_prefers_metal_to_the_processor(machine: pytest.MonkeyPatch) -> None:
    """On a Mac the GPU draws, with three quarters of what Metal recommends."""
    machine.setattr(torch.cuda, "is_available", lambda: False)

    device = Device.choose("auto")

    assert (device.torch, device.name, device.budget) == (torch.device("mps"), "Apple GPU", 12 * GIB)


@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps", "tpu", "meta"])
def test_a_device_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner reads which device is missing, instead of getting another one."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    with pytest.raises(DeviceMissing, match=name):
        Device.choose(name)


def test_a_number_beyond_the_last_cuda_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner reads how many there are."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    with pytest.raises(DeviceMissing, match="there are 2"):
        Device.choose("cuda:2")


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_a_named_precision_is_taken(cpu: Device, name: str) -> None:
    """The owner's word counts on every device."""
    assert cpu.dtype(name) == getattr(torch, name)


@pytest.mark.parametrize(("native", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_works_in_bfloat16_where_it_can(
    cpu: Device, native: bool, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processors that only imitate bfloat16 stay with single precision."""
    monkeypatch.setattr(devices, "native_bfloat16", lambda: native)

    assert cpu.dtype("auto") == expected


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_gpus_work_in_half_precision(machine: pytest.MonkeyPatch, name: str) -> None:
    """Twice as fast, in half the memory."""
    assert Device.choose(name).dtype("auto") == torch.float16


def test_convolutions_lie_as_a_gpu_wants_them(cuda: Device) -> None:
    """Channels last in every precision, which tensor cores are fastest in."""
    asked: dict[str, object] = {}

    class Moved(torch.nn.Conv2d):
        def to(self, *where: object, **how: object) -> Moved:
            asked.update(how, where=where)
            return self

    placed = cuda.place(Moved(4, 8, 3), torch.float32)

    assert asked == {"where": (cuda.torch,), "memory_format": torch.channels_last}
    assert not placed.training


@pytest.mark.parametrize(("features", "expected"), [("fp asimd i8mm bf16", True), ("fp asimd", False)])
def test_arm_processors_are_asked_through_linux(tmp_path: Path, features: str, expected: bool) -> None:
    """The line of features in ``/proc/cpuinfo`` decides."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nFeatures\t: {features}\n")

    assert devices._arm_bfloat16(cpuinfo) is expected


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] data. DefaultCPUAllocator: not enough memory: you tried"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
        BudgetExceeded(2, 1),
    ],
)
def test_running_out_of_memory_is_recognized(cuda: Device, error: BaseException) -> None:
    """All its wordings make the worker try again with less, and none counts as a broken device."""
    assert cuda.is_out_of_memory(error)
    assert not cuda.is_broken(error)


def test_an_allocation_that_really_fails_is_recognized(cpu: Device) -> None:
    """What torch says today when a CPU has no memory left."""
    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 60, dtype=torch.uint8)

    assert cpu.is_out_of_memory(failed.value)


def test_a_broken_cuda_device_is_recognized(cuda: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fault that sticks every call fails; the worker then ends, so that a fresh process can take over."""

    def fail(device: torch.device) -> None:
        raise RuntimeError("CUDA error: operation not supported on global/shared address space")

    monkeypatch.setattr(torch.cuda, "synchronize", fail)
    error = RuntimeError("CUDA error: operation not supported on global/shared address space")

    assert cuda.is_broken(error)
    assert not cuda.is_out_of_memory(error)


def test_a_processor_does_not_break(cpu: Device) -> None:
    """What ends a CUDA device for good is an error like any other elsewhere: the worker goes on."""
    assert not cpu.is_broken(RuntimeError("CUDA error: device-side assert triggered"))


def test_ordinary_errors_leave_the_device_alone(cpu: Device, cuda: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the work is neither a want of memory nor a fault: the device still answers."""
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")

    assert not cuda.is_broken(error)
    assert not cpu.is_out_of_memory(error)


def test_the_device_that_was_chosen_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of the second GPU opens nothing on the first, and sums come out the same every time."""
    used: list[torch.device] = []
    for name, stand_in in {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "set_device": used.append,
        "get_device_name": lambda device: "a GPU",
        "mem_get_info": lambda device: (8 << 30, 10 << 30),
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", False)

    chosen = Device.choose("cuda:1")

    assert used == [chosen.torch] == [torch.device("cuda", 1)]
    assert torch.backends.cudnn.deterministic


def test_the_budget_leaves_room_for_the_work(cpu: Device) -> None:
    """Weights may take half of the RAM that this process may use."""
    assert 0 < cpu.budget <= memory.allowed() // 2


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_counts_by_its_limit(tmp_path: Path, version: int) -> None:
    """The smallest limit of our group and those around it, in both versions of cgroups; "max" is none."""
    cgroup, mount = tmp_path / "cgroup", tmp_path / "fs"
    root, name = (mount / "memory", "memory.limit_in_bytes") if version == 1 else (mount, "memory.max")
    (root / "service/worker").mkdir(parents=True)
    (root / "service" / name).write_text("1000000\n")
    (root / "service/worker" / name).write_text("9223372036854771712\n" if version == 1 else "max\n")
    cgroup.write_text("4:memory:/service/worker\n" if version == 1 else "0::/service/worker\n")

    assert memory.allowed(cgroup, mount) == 1000000


def test_a_machine_without_limits_counts_whole(tmp_path: Path) -> None:
    """Where there are no cgroups, all installed memory counts."""
    assert memory.allowed(tmp_path / "nothing", tmp_path) > 1 << 28


def test_memory_can_be_given_back(cpu: Device) -> None:
    """Freeing twice harms nobody."""
    cpu.free()
    cpu.free()

    assert torch.ones(3).sum() == 3
