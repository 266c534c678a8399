"""The scheduler fields that an owner may set are those that some sampler reads."""

from __future__ import annotations

import inspect

from engines.diffusion import samplers
from engines.types import Sampler
from engines.weights.scheduling import SCHEDULER_KEYS

FLOW = {"use_flow_sigmas", "flow_shift", "use_dynamic_shifting", "time_shift_type"}
LISTS = {"trained_betas"}


def test_every_field_of_every_sampler_may_be_set() -> None:
    """None is refused in engines.toml that has an effect, and none is taken that has none."""
    read: set[str] = set()
    for sampler in Sampler:
        read |= inspect.signature(type(samplers.make(sampler, {})).__init__).parameters.keys()

    assert set(SCHEDULER_KEYS) == read - {"self"} - FLOW - LISTS
