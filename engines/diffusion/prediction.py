"""From what a model answers to the clean latents that the answer implies."""

from __future__ import annotations

from typing import Any

from diffusers import (
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    KDPM2AncestralDiscreteScheduler,
    KDPM2DiscreteScheduler,
)
from torch import Tensor

ORIGINAL = frozenset({"sample", "original_sample"})
"""The names of the prediction type where the model answers the clean latents themselves."""

Level = tuple[Tensor | float, Tensor | float]
"""Alpha and sigma: latents are alpha * x0 + sigma * noise."""


def original(prediction_type: str, output: Tensor, sample: Tensor, level: Level) -> Tensor:
    """The clean latents x0 that ``output`` implies for latents ``sample`` at a noise level.

    ``epsilon`` is the noise, ``sample`` is x0. ``v_prediction`` is the velocity of Salimans and Ho, "Progressive
    Distillation" (2022): ``alpha * noise - sigma * x0``, once alpha and sigma are scaled to a length of 1.
    ``flow`` is the velocity ``noise - x0`` of latents whose alpha and sigma sum to 1.
    Raises ``ValueError`` for other prediction types.
    """
    alpha, sigma = level
    if prediction_type == "epsilon":
        return (sample - sigma * output) / alpha
    if prediction_type == "v_prediction":
        square = alpha**2 + sigma**2
        return alpha / square * sample - sigma / square**0.5 * output
    if prediction_type in ORIGINAL:
        return output
    if prediction_type == "flow":
        return sample - sigma * output
    raise ValueError(f"unknown prediction type {prediction_type!r}")


def noise_level(scheduler: Any, timestep: Tensor) -> Level:
    """Where the latents stand that the scheduler's next ``step`` takes; asking changes nothing.

    ``scheduler`` is one that ``samplers.make`` gave and ``schedule.plan`` prepared, ``timestep`` its next one.
    """
    if not hasattr(scheduler, "sigmas"):
        kept = scheduler.alphas_cumprod[timestep]
        return kept**0.5, (1 - kept) ** 0.5
    sigma = _sigma(scheduler)
    if isinstance(scheduler, DPMSolverMultistepScheduler):
        alpha = 1 / (sigma**2 + 1) ** 0.5
        return alpha, sigma * alpha
    if isinstance(scheduler, FlowMatchEulerDiscreteScheduler):
        return 1 - sigma, sigma
    return 1.0, sigma


def _sigma(scheduler: Any) -> Tensor:
    """The noise level of the next call. DPM-Solver-2 keeps the levels in the middle of its steps apart."""
    index: int = scheduler.begin_index or 0 if scheduler.step_index is None else scheduler.step_index
    sigmas: Tensor = scheduler.sigmas
    if isinstance(scheduler, KDPM2DiscreteScheduler) and not scheduler.state_in_first_order:
        sigmas = scheduler.sigmas_interpol
    elif isinstance(scheduler, KDPM2AncestralDiscreteScheduler) and not scheduler.state_in_first_order:
        sigmas, index = scheduler.sigmas_interpol, index - 1
    return sigmas[index]
