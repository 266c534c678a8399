"""DPM-Solver++(2S) with ancestral noise, the one sampler of the ten that diffusers does not have.

In the terms of noise levels sigma, where latents are x0 plus sigma times noise and D(x, sigma) is the x0 that the
model predicts, one step from sigma to sigma' is:

    up     = eta * sigma' * sqrt(1 - sigma'^2 / sigma^2), at most sigma'      the noise that is added
    down   = sqrt(sigma'^2 - up^2)                                            the level solved for
    middle = sqrt(sigma * down)                                               halfway in the logarithm
    u  = middle / sigma * x + (1 - middle / sigma) * D(x, sigma)
    x' =   down / sigma * x + (1 - down / sigma) * D(u, middle) + up * s_noise * noise

The solver is Algorithm 1 of Lu et al., "DPM-Solver++" (2022), with r = 1/2; its exponentials of half-logarithms of
the signal-to-noise ratio are the quotients of sigmas above. The split into ``up`` and ``down`` is the ancestral step
of k-diffusion. The last step goes to level 0, where both halves give D(x, sigma), so that N steps cost 2N - 1 calls.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import EulerAncestralDiscreteScheduler
from diffusers.configuration_utils import register_to_config
from diffusers.schedulers.scheduling_euler_ancestral_discrete import EulerAncestralDiscreteSchedulerOutput
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor

from engines.diffusion.prediction import original

_RHO = 7.0
"""The exponent that Karras et al., "Elucidating the Design Space" (2022), recommend for spacing noise levels."""


class DPMPP2SAncestralScheduler(EulerAncestralDiscreteScheduler):  # type: ignore[misc]  # diffusers is Any here
    """A diffusers scheduler; betas, ``add_noise`` and indices are those of diffusers' ancestral Euler.

    ``timesteps`` has an entry for every call of the model, whole steps at even indices and middles at odd ones;
    ``sigmas[i]`` is the noise level that call i is made at, and a 0 follows the last. ``eta`` 0 takes the randomness
    out of the solver, ``s_noise`` scales the noise that is added.
    """

    order = 2
    sigmas: Tensor

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        num_train_timesteps: int = 1000,
        beta_start: float = 0.0001,
        beta_end: float = 0.02,
        beta_schedule: str = "linear",
        trained_betas: list[float] | None = None,
        prediction_type: str = "epsilon",
        timestep_spacing: str = "linspace",
        steps_offset: int = 0,
        rescale_betas_zero_snr: bool = False,
        use_karras_sigmas: bool = True,
        eta: float = 1.0,
        s_noise: float = 1.0,
    ) -> None:
        super().__init__(
            num_train_timesteps=num_train_timesteps,
            beta_start=beta_start,
            beta_end=beta_end,
            beta_schedule=beta_schedule,
            trained_betas=trained_betas,
            prediction_type=prediction_type,
            timestep_spacing=timestep_spacing,
            steps_offset=steps_offset,
            rescale_betas_zero_snr=rescale_betas_zero_snr,
        )
        self._before = torch.empty(0)
        self._steps: tuple[_Step, ...] = ()

    def set_timesteps(self, num_inference_steps: int, device: str | torch.device | None = None) -> None:
        """Lay out ``num_inference_steps`` whole steps; forgets where an earlier picture was."""
        super().set_timesteps(num_inference_steps, device="cpu")
        levels: list[float] = self.sigmas[:-1].double().tolist()
        if self.config.use_karras_sigmas:
            levels = _karras(levels[0], levels[-1], num_inference_steps)
        pairs = itertools.pairwise([*levels, 0.0])
        self._steps = tuple(_Step.between(sigma, target, self.config.eta) for sigma, target in pairs)
        calls = [level for step in self._steps for level in (step.sigma, step.middle)]
        self.sigmas = torch.tensor(calls, dtype=torch.float32)
        self.timesteps = torch.tensor(self._times(calls[:-1]), dtype=torch.float32, device=device)
        self._before = torch.empty(0)

    def step(
        self,
        model_output: Tensor,
        timestep: float | Tensor,
        sample: Tensor,
        generator: torch.Generator | None = None,
        return_dict: bool = True,
    ) -> Any:
        """The latents for the model's next call and the x0 predicted by this one, both fp32.

        ``sample`` is what the last call of ``step`` gave, not scaled. Noise is drawn in fp32 at the end of every
        whole step but the last, on the generator's device.
        """
        if self.step_index is None:
            self._init_step_index(timestep)
        sample = sample.to(torch.float32)
        level = 1.0, float(self.sigmas[self.step_index])
        denoised = original(self.config.prediction_type, model_output.to(torch.float32), sample, level)
        whole, half = divmod(self.step_index, 2)
        step = self._steps[whole]
        after = self._second(step, denoised, generator) if half else self._first(step, sample, denoised)
        self._step_index += 1
        if not return_dict:
            return after, denoised
        return EulerAncestralDiscreteSchedulerOutput(prev_sample=after, pred_original_sample=denoised)

    def _first(self, step: _Step, sample: Tensor, denoised: Tensor) -> Tensor:
        """To the middle of a step."""
        self._before = sample
        return torch.lerp(denoised, sample, step.middle / step.sigma)

    def _second(self, step: _Step, denoised: Tensor, generator: torch.Generator | None) -> Tensor:
        """To the end of a step, from its start and what was predicted in its middle."""
        after = torch.lerp(denoised, self._before, step.down / step.sigma)
        noise: Tensor = randn_tensor(after.shape, generator=generator, device=after.device, dtype=torch.float32)
        scale: float = step.up * self.config.s_noise
        return after + scale * noise

    def _times(self, levels: list[float]) -> list[float]:
        """The timesteps that the model knows these noise levels by, between its own linearly in the logarithm."""
        kept = self.alphas_cumprod.double().numpy()
        known = 0.5 * (np.log1p(-kept) - np.log(kept))
        times: list[float] = np.interp(np.log(levels), known, np.arange(len(known))).tolist()
        return times


@dataclass(frozen=True, slots=True)
class _Step:
    """The four noise levels of a step, named as in the module's docstring."""

    sigma: float
    middle: float
    down: float
    up: float

    @classmethod
    def between(cls, sigma: float, target: float, eta: float) -> _Step:
        up = min(target, eta * target * math.sqrt(1 - (target / sigma) ** 2))
        down = math.sqrt(target**2 - up**2)
        return cls(sigma, math.sqrt(sigma * down), down, up)


def _karras(highest: float, lowest: float, count: int) -> list[float]:
    """``count`` noise levels from ``highest`` down to ``lowest``, equally far apart in their seventh roots."""
    levels: list[float] = (np.linspace(highest ** (1 / _RHO), lowest ** (1 / _RHO), count) ** _RHO).tolist()
    return levels
