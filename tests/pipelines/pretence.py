"""A device that is not there: tensors say that they lie on it and refuse to meet the CPU's, which calculates them.

What no machine without a GPU can otherwise show comes to light: tensors left on the wrong device, numbers that Metal
does not have, and every place where the program waits for the device or copies to it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

from engines.loading.device import Device

aten = torch.ops.aten
HERE = Path(__file__)
BY_INDEX = (aten.index.Tensor, aten.index_put_.default)
"""Here a tensor of the device may be picked from by numbers on the CPU."""


@contextmanager
def pretended(name: str) -> Iterator[Pretence]:
    """As long as the block runs there is a device of this name: ``cuda`` or ``mps``."""
    future = torch.__future__.get_overwrite_module_params_on_conversion()
    pretence = Pretence(torch.device(name, 0))
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with torch.no_grad(), mock.patch("torch.cuda._lazy_init"), _Naming(pretence), pretence:
            yield pretence
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(future)


def device(pretence: Pretence) -> Device:
    """The device as the engines know it; asking the machine for its name and its memory is left out."""
    made = Device.__new__(Device)
    made.torch, made.name, made.budget = pretence.device, "a pretended GPU", 1 << 40
    return made


class There(torch.Tensor):
    """A tensor that says that it lies on the device; its content is ``inner``."""

    inner: torch.Tensor
    place: torch.device

    @staticmethod
    def __new__(cls, inner: torch.Tensor, place: torch.device) -> There:
        """For torch's own code in C++ it lies on the CPU, which is the only device that code can find."""
        facts = {"strides": inner.stride(), "storage_offset": inner.storage_offset(), "dtype": inner.dtype}
        made: There = torch.Tensor._make_wrapper_subclass(cls, inner.shape, device="cpu", **facts)
        made.inner, made.place = inner, place
        return made

    def __repr__(self) -> str:
        return f"There({self.dtype}, {tuple(self.shape)})"

    @property
    def device(self) -> torch.device:
        return self.place

    @property
    def is_cpu(self) -> bool:
        return False

    @property
    def is_cuda(self) -> bool:
        return self.place.type == "cuda"

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.cpu:
            return Pretence.current.fetched(args[0])
        if func is torch.Tensor.to:
            args, kwargs = _like(args, kwargs)
            if args and isinstance(args[0], There) and _names_cpu(args, kwargs):
                rest = [value for value in args[1:] if not isinstance(value, str | torch.device)]
                kwargs.pop("device", None)
                return Pretence.current.fetched(args[0]).to(*rest, **kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func}: the pretence is over")


class Pretence(TorchDispatchMode):
    """Calculates for the device and writes down what crosses over. One at a time."""

    current: ClassVar[Pretence]

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        Pretence.current = self
        self.device = device
        self.crossings: list[str] = []
        """``wait`` where the program stood still until the device was done, ``send`` where it copied to it, each with
        the place in the code."""

    def fetched(self, tensor: There) -> torch.Tensor:
        """On the CPU."""
        self._write("wait")
        return tensor.inner.clone()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in _pytree.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        theirs = [tensor for tensor in tensors if isinstance(tensor, There)]
        wanted = kwargs.get("device")
        there = bool(theirs) if wanted is None else torch.device(wanted).type == self.device.type
        if func is aten._to_copy.default and theirs:
            there = True  # Towards the CPU it goes by ``fetched``; here C++ names the device that it believes in.
        elif func is aten._local_scalar_dense.default and theirs:
            self._write("wait")
        elif func is aten.copy_.default and len(theirs) == 1:
            there = isinstance(args[0], There)
            self._write("send" if there else "wait")
        elif func is aten._to_copy.default and there:
            self._write("send")
        elif theirs and len(theirs) < len(tensors) and func not in BY_INDEX:
            _refuse(func, tensors)
        if there and wanted is not None:
            kwargs["device"] = torch.device("cpu")
        args, kwargs = _pytree.tree_map_only(There, lambda tensor: tensor.inner, (args, kwargs))
        result = func(*args, **kwargs)
        return self._brought(func, result, theirs) if there else result

    def _brought(self, func: Any, result: Any, theirs: list[There]) -> Any:
        known = {id(tensor.inner): tensor for tensor in theirs}

        def bring(tensor: torch.Tensor) -> There:
            if self.device.type == "mps" and tensor.dtype == torch.float64:
                raise TypeError(f"{func}: Metal has no float64")
            return known[id(tensor)] if id(tensor) in known else There(tensor, self.device)

        return _pytree.tree_map_only(torch.Tensor, bring, result)

    def _write(self, what: str) -> None:
        frames = [frame for frame in traceback.extract_stack() if "/torch/" not in frame.filename]
        frame = next(frame for frame in reversed(frames) if Path(frame.filename) != HERE)
        self.crossings.append(f"{what} {Path(frame.filename).name}:{frame.lineno}")


class _Naming(TorchFunctionMode):
    """Numbers the device wherever it is named, and makes tensors of lists on the CPU first: torch would look for it."""

    def __init__(self, pretence: Pretence) -> None:
        super().__init__()
        self._place = pretence.device

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs = _pytree.tree_map_only(torch.device | str, self._numbered, (args, dict(kwargs or {})))
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") == self._place:
            kwargs.pop("device")
            return func(*args, **kwargs).to(self._place)
        return func(*args, **kwargs)

    def _numbered(self, name: torch.device | str) -> torch.device | str:
        return self._place if str(name) == self._place.type else name


def _like(args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """``x.to(y)`` with the device and the dtype of ``y`` spelled out."""
    if len(args) > 1 and isinstance(args[1], There):
        args = (args[0], args[1].place, args[1].dtype, *args[2:])
    return args, dict(kwargs)


def _names_cpu(args: Any, kwargs: Mapping[str, Any]) -> bool:
    named = [value for value in (*args[1:], kwargs.get("device")) if isinstance(value, str | torch.device)]
    return any(torch.device(value).type == "cpu" for value in named)


def _refuse(func: Any, tensors: list[torch.Tensor]) -> None:
    """Single numbers on the CPU may meet tensors of any device, as with real ones."""
    if any(tensor.dim() for tensor in tensors if not isinstance(tensor, There)):
        raise RuntimeError(f"{func}: tensors of two devices: {[tuple(tensor.shape) for tensor in tensors]}")
