"""Data whose perfect denoiser is a formula, so that what a sampler draws can be compared with the truth.

Every number of a clean picture is drawn from a normal distribution. Its model answers exactly, knows nothing but the
timestep, as a UNet does, and counts how often it is asked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engines.diffusion.schedule import Plan, noised, predicted_original

SD = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SD1 = SD | {
    "_class_name": "PNDMScheduler",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
SDXL = SD1 | {
    "_class_name": "EulerDiscreteScheduler",
    "interpolation_type": "linear",
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "timestep_spacing": "leading",
    "use_karras_sigmas": False,
}


@dataclass
class Gaussian:
    """A model of pictures whose numbers are N(mean, spread^2), for the noise schedule of ``scheduler``."""

    scheduler: Any
    mean: float = 0.4
    spread: float = 0.7
    prediction_type: str = "epsilon"
    calls: int = 0
    watch: Callable[[Tensor, Tensor, Tensor], object] = lambda answer, timestep, latents: None
    """Told of every answer before the scheduler is."""

    def __call__(self, scaled: Tensor, timestep: Tensor) -> Tensor:
        """The model's answer to latents of unit size: sqrt(kept) * x0 + sqrt(1 - kept) * noise."""
        self.calls += 1
        alpha, sigma = self.level(float(timestep))
        clean = self.clean(scaled.double() / alpha, sigma / alpha)
        noise = (scaled.double() - alpha * clean) / sigma
        answers = {"epsilon": noise, "sample": clean, "v_prediction": alpha * noise - sigma * clean}
        return answers[self.prediction_type].float()

    def clean(self, latents: Tensor, sigma: float) -> Tensor:
        """The mean of x0 for ``latents = x0 + sigma * noise``."""
        return self.mean + self.spread**2 / (self.spread**2 + sigma**2) * (latents - self.mean)

    def truth(self, latents: Tensor, sigma: float) -> Tensor:
        """Where the deterministic flow takes ``x0 + sigma * noise`` in infinitely many steps."""
        return self.mean + self.spread / (self.spread**2 + sigma**2) ** 0.5 * (latents.double() - self.mean)

    def level(self, timestep: float) -> tuple[float, float]:
        """Alpha and sigma of a timestep, between whole ones by the logarithm of their quotient."""
        kept = self.scheduler.alphas_cumprod.double().clamp(min=2**-24).numpy()
        logs = 0.5 * (np.log1p(-kept) - np.log(kept))
        sigma = float(np.exp(np.interp(timestep, np.arange(len(logs)), logs)))
        alpha = (1 + sigma**2) ** -0.5
        return alpha, sigma * alpha


def draw(model: Gaussian, latents: Tensor, work: Plan, seed: int = 0) -> Tensor:
    """The denoising loop in its simplest form, from latents as noisy as the plan's first timestep."""
    scheduler = model.scheduler
    takes = inspect.signature(scheduler.step).parameters
    options = {"generator": torch.Generator().manual_seed(seed)} if "generator" in takes else {}
    for call, timestep in enumerate(work.timesteps, start=1):
        answer = model(scheduler.scale_model_input(latents, timestep), timestep)
        model.watch(answer, timestep, latents)
        if call == work.total and work.cut_tail:
            return predicted_original(scheduler, answer, timestep, latents)
        latents = scheduler.step(answer, timestep, latents, return_dict=False, **options)[0]
    return latents


def begin(model: Gaussian, work: Plan, count: int, seed: int = 0) -> Tensor:
    """Latents for ``draw``: pure noise, or data of the model's own distribution with noise on it."""
    generator = torch.Generator().manual_seed(1000 + seed)
    noise = torch.randn(1, 1, 1, count, generator=generator)
    if work.full_start:
        return noise * model.scheduler.init_noise_sigma
    clean = model.mean + model.spread * torch.randn(1, 1, 1, count, generator=generator)
    return noised(model.scheduler, clean, noise, work.timesteps[0])
