"""Which part of a sampler's schedule is run, and what the latents are at its two ends.

A schedule of N steps runs from pure noise (step 0) to the clean picture. ``start`` is the share of it that is run,
counted from its end, ``end`` the share that is left out at its end. With whole steps only:

- the run begins at step ``N - floor(N * start)``, the rule of diffusers' image-to-image, and at the last step at the
  latest: a start above 0 always changes the picture;
  A scheduler with ``rounds_up``, that of flow models, rounds ``N * start`` up, as diffusers does for these;
- it stops before step ``N - floor(N * end)``, but never before it has made one step;
- nothing is run, and the picture stays untouched, where nothing is asked for: ``start`` 0, or ``start <= end``.

A product that is within rounding of a whole number counts as that number: 29 of 100 steps are run for 0.29, where
diffusers runs 28, because ``100 * 0.29`` is a little less than 29 in binary.

Where the end is left out, latents after the last step would still hold noise. The loop then takes the x0 that the last
call of the model predicts in place of the scheduler's step. Samplers that call the model twice in a step do so at its
beginning and in its middle; the second call of the last step is not made, with or without a cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engines.diffusion.prediction import noise_level, original

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The calls of the model that one picture takes."""

    timesteps: Tensor
    """One for each call, in order, as the scheduler's ``step`` takes them; none if untouched.

    They are on the CPU: schedulers look things up by them, and would wait for a device to say which.
    """
    asked: Tensor
    """The same on the device, as the model takes them."""
    full_start: bool
    """The run begins with pure noise, standard normal numbers times the scheduler's ``init_noise_sigma``."""
    cut_tail: bool
    """The last call ends with ``predicted_original`` in place of the scheduler's ``step``."""

    @property
    def total(self) -> int:
        """How often the model is called."""
        return len(self.timesteps)

    @property
    def untouched(self) -> bool:
        """Nothing is run: the picture comes back as it was."""
        return self.total == 0


def plan(scheduler: Any, steps: int, start: float, end: float, device: torch.device | str) -> Plan:
    """Set a scheduler of ``samplers.make`` to ``steps`` steps and to the first that is run; see the module's docstring.

    ``start`` and ``end`` lie in 0..1. Only what the model is asked for is on ``device``; the scheduler computes with
    numbers on the CPU.
    """
    scheduler.set_timesteps(steps, device="cpu")
    timesteps = scheduler.timesteps
    if timesteps.dtype == torch.float64:
        timesteps = timesteps.to(torch.float32)  # MPS has no float64
    scheduler.timesteps = timesteps
    first, last = _steps_run(steps, start, end, getattr(scheduler, "rounds_up", False))
    begin, stop = (scheduler.order * first, scheduler.order * (last - 1) + 1) if first < last else (0, 0)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(begin)
    # With "trailing" timesteps diffusers makes one step too many of some numbers (61, 103, 121, 122 of 1000), at
    # timestep -1. It is cut off like any other tail.
    return Plan(
        timesteps=timesteps[begin:stop],
        asked=timesteps[begin:stop].to(device),
        full_start=_whole(steps, start) == steps and last > 0,
        cut_tail=0 < stop < len(timesteps),
    )


def predicted_original(scheduler: Any, model_output: Tensor, timestep: Tensor, sample: Tensor) -> Tensor:
    """The clean latents that the model's answer implies, at the call that the scheduler's next ``step`` is for.

    To be asked before that ``step``; it changes nothing and keeps gradients. ``sample`` are the latents that ``step``
    would take, not scaled by ``scale_model_input``. Raises ``ValueError`` for unknown prediction types.
    """
    kind = getattr(scheduler, "predicts", None) or scheduler.config.prediction_type
    clean = original(kind, model_output, sample, noise_level(scheduler, timestep))
    if scheduler.config.get("clip_sample"):
        return clean.clamp(-scheduler.config.clip_sample_range, scheduler.config.clip_sample_range)
    return clean


def noised(scheduler: Any, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
    """Clean latents with as much of ``noise`` as latents hold at a timestep of the plan; what diffusers' pipelines do.

    Before the first ``step`` that is the beginning of the run; after a ``step`` it is where that left the latents.
    In the middle of a step, K_DPM_2 and K_DPM_2_ANCESTRAL answer for the end of that step, as in diffusers.
    """
    mixed: Tensor = scheduler.add_noise(clean, noise, timestep.reshape(-1))
    return mixed


def _steps_run(steps: int, start: float, end: float, up: bool) -> tuple[int, int]:
    """The first step that is run and the one before which the run stops; equal if nothing is run."""
    if start <= end or start <= 0:
        return 0, 0
    run = math.ceil(steps * start - _ROUNDING) if up else _whole(steps, start)
    first = steps - min(max(run, 1), steps)
    return first, max(steps - _whole(steps, end), first + 1)


def _whole(steps: int, share: float) -> int:
    """The whole steps in a share of them."""
    return math.floor(steps * share + _ROUNDING)
