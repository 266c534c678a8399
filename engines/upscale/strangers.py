"""Upscalers of other architectures than ours, if the owner has installed spandrel, which knows dozens.

It is no dependency: it needs torchvision, whose builds must fit torch's or nothing that uses torch starts.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engines.loading.model import WeightsUnusable


def build(state: Mapping[str, Tensor], device: torch.device, dtype: torch.dtype) -> tuple[Any, torch.dtype]:
    """Spandrel's network on its device, and the dtype it is in: fp32 where the architecture needs that.

    It is called like a network of ours, takes any size, and has ``scale``. Raises ``WeightsUnusable``.
    """
    try:
        spandrel: Any = importlib.import_module("spandrel")
    except ImportError as error:
        raise WeightsUnusable("this is no RRDBNet; other architectures need spandrel, which is not here") from error
    try:
        network: Any = spandrel.ModelLoader(device="cpu").load_from_state_dict(dict(state))
    except spandrel.UnsupportedModelError as error:
        raise WeightsUnusable("neither an RRDBNet nor an architecture that spandrel knows") from error
    if network.purpose == "Inpainting" or (network.input_channels, network.output_channels) != (3, 3):
        raise WeightsUnusable("spandrel knows this network, but it does not turn RGB into RGB")
    supported = {torch.float16: network.supports_half, torch.bfloat16: network.supports_bfloat16}
    precise = dtype if supported.get(dtype, True) else torch.float32
    return network.to(device, precise), precise
