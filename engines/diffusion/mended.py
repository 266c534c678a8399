"""Schedulers of diffusers, mended where they go wrong for us or know less than we need."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from diffusers import (
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
    LMSDiscreteScheduler,
)
from torch import Tensor

from engines.diffusion.prediction import noise_level

_SMALLEST = 2.0**-24
"""What diffusers leaves of the picture at the last timestep when betas are rescaled, so that no sigma is infinite."""


class LMSScheduler(LMSDiscreteScheduler):  # type: ignore[misc]  # diffusers is Any here
    """Begins with order 1 wherever in the schedule it begins, and integrates its polynomials exactly.

    Diffusers takes the order from the index of the step. In image-to-image the first index is not 0, so that the one
    derivative known gets the first of four coefficients, and the first step goes more than twice too far. Its
    coefficients come from an adaptive integration over torch's tensors, 3 milliseconds a step.
    """

    def step(
        self, model_output: Tensor, timestep: float | Tensor, sample: Tensor, order: int = 4, return_dict: bool = True
    ) -> Any:
        """As in diffusers; ``order`` is reached step by step from the first one that is made."""
        known = min(order, len(self.derivatives) + 1)
        return super().step(model_output, timestep, sample, order=known, return_dict=return_dict)

    def get_lms_coefficient(self, order: int, t: int, current_order: int) -> float:
        """The integral of a Lagrange polynomial over step ``t``, by Gauss' rule of two points: exact up to order 4."""
        levels: list[float] = self.sigmas[t - order + 1 : t + 2].double().tolist()[::-1]
        target, known = levels[0], levels[1:]
        here = known[current_order]
        others = [level for place, level in enumerate(known) if place != current_order]
        middle, half = (target + known[0]) / 2, (target - known[0]) / 2
        points = (middle - half / math.sqrt(3), middle + half / math.sqrt(3))
        return half * sum(math.prod((point - other) / (here - other) for other in others) for point in points)


class _SoonReady:
    """For DPM-Solver-2, which looks up the timestep of a noise level a thousand times before its first step.

    Diffusers mixes torch's tensors into numpy there, which takes a quarter of a second for every picture. With numpy
    alone it is a sixth of that, and the timesteps are the same to within 0.0001.
    """

    def _sigma_to_t(self, sigma: Any, log_sigmas: Any) -> Any:
        return super()._sigma_to_t(np.asarray(sigma), np.asarray(log_sigmas))  # type: ignore[misc]


class KDPM2Scheduler(_SoonReady, KDPM2DiscreteScheduler):  # type: ignore[misc]  # diffusers is Any here
    """DPM-Solver-2, sooner ready."""


class KDPM2AncestralScheduler(_SoonReady, KDPM2AncestralDiscreteScheduler):  # type: ignore[misc]  # diffusers is Any here
    """DPM-Solver-2 with ancestral noise, sooner ready."""


def _reading_originals(kind: Any) -> Any:
    """A subclass of ``kind`` for models that answer x0: configured for ``epsilon``, it is told the noise instead."""

    class Reading(kind):  # type: ignore[misc]  # diffusers is Any here
        predicts = "sample"

        @functools.wraps(kind.step)
        def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor, **options: Any) -> Any:
            alpha, sigma = noise_level(self, timestep)
            return super().step((sample - alpha * model_output) / sigma, timestep, sample, **options)

    return Reading


READING_ORIGINALS: Mapping[Any, Any] = MappingProxyType(
    {
        kind: _reading_originals(kind)
        for kind in (EulerAncestralDiscreteScheduler, KDPM2Scheduler, KDPM2AncestralScheduler)
    }
)
"""For each class that refuses the prediction type ``sample``, one that takes it."""


def rescaled_betas(fields: Mapping[str, Any]) -> list[float]:
    """The betas of ``rescale_betas_zero_snr`` (Lin et al. 2023), for schedulers that do not know that field.

    ``fields`` are the arguments of diffusers' DDIM scheduler that say what the betas were before.
    """
    kept = DDIMScheduler(**fields, rescale_betas_zero_snr=True).alphas_cumprod.double()
    kept[-1] = _SMALLEST
    betas = 1 - kept / kept.roll(1)
    betas[0] = 1 - kept[0]
    rescaled: list[float] = betas.tolist()
    return rescaled
