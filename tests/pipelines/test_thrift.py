"""A picture that is tried again after the device ran out of memory takes less of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.loading.keeper import Keeper
from engines.loading.model import Order, Thrift
from engines.weights.setup import Located
from tests.pipelines import lending
from tests.pipelines.pretence import device, pretended
from tests.pipelines.stock import CARD, PATIENT, REQUEST, difference

Tiny = Callable[[str], Path]


@pytest.mark.parametrize(("name", "sliced"), [("cuda", False), ("mps", True)])
def test_attention_is_sliced_where_it_saves_memory(tiny: Tiny, name: str, sliced: bool) -> None:
    """Metal holds the scores of all pairs of pixels; what CUDA has by itself needs less than slices do."""
    used: set[str] = set()
    with pretended(name) as pretence:
        engine = lending.lend(Keeper(device(pretence), lending.PLENTY), tiny("sd1"))
        processors = lending.parts(engine).unet.attn_processors
        unet = lending.parts(engine).unet
        unet.register_forward_pre_hook(
            lambda *_: used.update(type(one).__name__ for one in unet.attn_processors.values())
        )
        engine.draw(Order(CARD, REQUEST, 7, PATIENT, Thrift.FRUGAL))

    assert used == {"SlicedAttnProcessor" if sliced else "AttnProcessor2_0"}
    assert unet.attn_processors == processors


@pytest.mark.parametrize(("preset", "twice"), [("FAST_BLUE", False), ("SIMPLE", True)])
def test_gradients_are_computed_from_less(tiny: Tiny, preset: str, twice: bool) -> None:
    """What is not kept is computed a second time, for the same picture to the eye; the next one keeps it again."""
    where, clip = Located(folder=tiny("sd1")), Located(folder=tiny("clip"))
    engine = lending.keeper().lend(lending.setup("an-engine"), where, clip)
    parts = lending.parts(engine)
    request = replace(REQUEST, guidance=preset)
    kept = engine.draw(Order(CARD, request, 7, PATIENT))
    calls: list[object] = []
    parts.unet.down_blocks[0].resnets[0].register_forward_pre_hook(lambda module, _: calls.append(module))

    thrifty = engine.draw(Order(CARD, request, 7, PATIENT, Thrift.TILED))

    assert difference(kept, thrifty) <= 2
    assert (len(calls) > 2 * request.steps) is twice
    assert not parts.unet.is_gradient_checkpointing
    assert not parts.vae.is_gradient_checkpointing


@pytest.mark.parametrize("thrift", [Thrift.TILED, Thrift.FRUGAL])
@pytest.mark.parametrize("guidance", [None, "FAST_BLUE", "SIMPLE"])
def test_stable_diffusion_3_draws_the_same_with_less(tiny: Tiny, thrift: Thrift, guidance: str | None) -> None:
    """Guided by CLIP or not, the picture is the same to the eye.

    Gradients through the tiny transformer enlarge the rounding of single numbers to half a step of brightness.
    """
    where, clip = Located(folder=tiny("sd3")), Located(folder=tiny("clip"))
    engine = lending.keeper().lend(lending.setup("an-engine"), where, clip)
    request = replace(REQUEST, guidance=guidance)

    kept, thrifty = (engine.draw(Order(CARD, request, 7, PATIENT, level)) for level in (Thrift.NONE, thrift))
    free = engine.draw(Order(CARD, replace(request, guidance=None), 7, PATIENT))

    assert np.abs(kept.astype(int) - thrifty).mean() < 1
    assert bool(np.abs(kept.astype(int) - free).mean() > 2) is (guidance is not None)
