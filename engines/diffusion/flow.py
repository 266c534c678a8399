"""The sampler of flow models: Euler's method along the straight path from noise to a picture.

Stable Diffusion 3 learned the velocity ``noise - x0`` of latents ``(1 - sigma) * x0 + sigma * noise`` (Lipman et al.,
"Flow Matching for Generative Modeling", 2022; Liu et al., "Flow Straight and Fast", 2022). The samplers of older
models are made for another path, so a request's choice among them means nothing here.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor


class FlowScheduler(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]  # diffusers is Any here
    """Diffusers' scheduler with the methods that our loop asks of the others."""

    init_noise_sigma = 1.0
    predicts = "flow"
    rounds_up = True
    """A part of a step at the start of a run is run as a whole one, the rule of the stock pipelines of these models."""
    patches = 4096
    """How many patches of latents the picture has; dynamic shifting gives larger pictures more of the noisy steps."""

    def set_timesteps(self, num_inference_steps: int, device: str | torch.device) -> None:
        """As the others; the shift follows from the size of the picture, where the configuration wants that."""
        shift = _shift(self.config, self.patches) if self.config.use_dynamic_shifting else None
        super().set_timesteps(num_inference_steps, device=device, mu=shift)

    def scale_model_input(self, sample: Tensor, timestep: Tensor) -> Tensor:
        """These models read latents as they are."""
        return sample

    def add_noise(self, original_samples: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Clean latents as noisy as at the point the run has come to."""
        mixed: Tensor = self.scale_noise(original_samples, timesteps, noise)
        return mixed


def configured(checkpoint: Mapping[str, Any], owner: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The configuration that ``make`` reads: a checkpoint's, in which the owner's fields have replaced its own."""
    return {name: value for name, value in checkpoint.items() if not name.startswith("_")} | dict(owner)


def make(config: Mapping[str, Any], patches: int) -> FlowScheduler:
    """A new scheduler for one picture of that many patches; fields that the class does not know are left out."""
    known = inspect.signature(FlowMatchEulerDiscreteScheduler.__init__).parameters
    scheduler = FlowScheduler(**{name: value for name, value in config.items() if name in known})
    scheduler.patches = patches
    return scheduler


def _shift(config: Any, patches: int) -> float:
    """On the line through the shifts that the configuration gives for two sizes, in patches."""
    few, many = config.base_image_seq_len, config.max_image_seq_len
    slope = (config.max_shift - config.base_shift) / (many - few)
    return float(patches * slope + (config.base_shift - slope * few))
