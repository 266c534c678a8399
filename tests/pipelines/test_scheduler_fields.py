"""The scheduler fields that an owner may set are those that some sampler reads."""

from __future__ import annotations

import inspect

from engines.diffusion import flow, samplers
from engines.types import Sampler
from engines.weights.scheduling import SCHEDULER_KEYS

FOR_OTHERS = {"use_flow_sigmas", "flow_shift", "invert_sigmas"}
"""For models that none of our engines is."""
LISTS = {"trained_betas"}


def test_every_field_of_every_sampler_may_be_set() -> None:
    """None is refused in engines.toml that has an effect, and none is taken that has none."""
    read: set[str] = set()
    for sampler in Sampler:
        read |= inspect.signature(type(samplers.make(sampler, {})).__init__).parameters.keys()
    read |= inspect.signature(type(flow.make({}, 1)).__init__).parameters.keys()

    assert set(SCHEDULER_KEYS) == read - {"self"} - FOR_OTHERS - LISTS
