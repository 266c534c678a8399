"""What is changed in the models for as long as a picture is drawn with less memory; afterwards all is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.diffusion.parts import Parts
from engines.loading.model import Thrift


@contextmanager
def sliced_attention(parts: Parts, thrift: Thrift) -> Iterator[None]:
    """The UNet's attention in slices, on Metal alone, which holds the scores of all pixel pairs at once.

    Diffusers has no slices for transformers.
    On CUDA and the CPU torch's fused attention never holds them; slices would hold some, and take many times more.
    """
    if thrift < Thrift.FRUGAL or parts.device.type != "mps" or parts.flow:
        yield
        return
    before = dict(parts.unet.attn_processors)
    parts.unet.set_attention_slice("max")
    try:
        yield
    finally:
        parts.unet.set_attn_processor(before)


@contextmanager
def recomputed_gradients(parts: Parts, thrift: Thrift) -> Iterator[None]:
    """Gradients that compute the insides of a model's blocks a second time instead of keeping them."""
    if thrift < Thrift.TILED:
        yield
        return
    models = (parts.unet, parts.vae)
    for model in models:
        model.enable_gradient_checkpointing()
    try:
        yield
    finally:
        for model in models:
            model.disable_gradient_checkpointing()
