"""The denoising loop: the UNet asked with and without the prompt, one step of the scheduler, again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engines.diffusion.latents import Noise
from engines.diffusion.parts import Parts
from engines.diffusion.prompts import Conditioning
from engines.diffusion.schedule import Plan, predicted_original
from engines.loading.model import Watch

_Text = tuple[Tensor, Tensor | None]
Predict = Callable[[Tensor, int], Tensor]
"""Latents as they are and which call of the plan it is, counted from 0, to the model's output."""
Blend = Callable[[Tensor, Tensor | None], Tensor]
"""The latents after a step and the timestep they are at now (None: no noise is left) to those that go on."""


class Predictor:
    """The UNet, or the transformer in its place, with everything it reads beside the latents.

    The prediction is ``negative + cfg_scale * (positive - negative)`` for every scale. At 1 that is the positive
    prediction alone and at 0 the negative one, so the other is not made. With ``in_turn`` the two are made one
    after the other, in half the memory. For flow models every scale below 1 is 1: those that are distilled to a
    few steps are asked without guidance, which their publishers write as 0.
    """

    def __init__(
        self,
        parts: Parts,
        conditioning: Conditioning,
        cfg_scale: float,
        beside: Tensor | None,
        time_ids: Tensor | None,
        in_turn: bool,
    ) -> None:
        self._unet = parts.unet
        self._dtype = parts.dtype
        self._flow = parts.flow
        self._scale = max(cfg_scale, 1.0) if parts.flow else cfg_scale
        self._beside = beside
        texts = _texts(conditioning, self._scale)
        batches = [[text] for text in texts] if in_turn else [texts]
        self._batches = [_Batch.of(batch, time_ids, parts) for batch in batches]

    def __call__(self, latents: Tensor, timestep: Tensor) -> Tensor:
        """What the model makes of latents that the scheduler has scaled; fp32, whatever the UNet computes in."""
        read = latents if self._beside is None else torch.cat([latents, self._beside], dim=1)
        read = read.to(self._dtype)
        answers = torch.cat([self._ask(batch, read, timestep) for batch in self._batches])
        if len(answers) == 1:
            return answers
        negative, positive = answers.chunk(2)
        return negative + self._scale * (positive - negative)

    def _ask(self, batch: _Batch, read: Tensor, timestep: Tensor) -> Tensor:
        pictures = torch.cat([read] * len(batch.hidden))
        asked = timestep.expand(len(batch.hidden)) if self._flow else timestep
        answer: Tensor = self._unet(
            pictures, timestep=asked, encoder_hidden_states=batch.hidden, return_dict=False, **batch.beside
        )[0]
        return answer.float()


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """What one call of the model reads of the prompts; ``beside`` is what only some kinds of models read."""

    hidden: Tensor
    beside: dict[str, Any]

    @classmethod
    def of(cls, texts: list[_Text], time_ids: Tensor | None, parts: Parts) -> _Batch:
        hidden = torch.cat([hidden for hidden, _ in texts]).to(parts.device, parts.dtype)
        pooled = [pooled for _, pooled in texts if pooled is not None]
        if not pooled:
            return cls(hidden, {})
        embeds = torch.cat(pooled).to(parts.device, parts.dtype)
        if time_ids is None:
            return cls(hidden, {"pooled_projections": embeds})
        added = {"text_embeds": embeds, "time_ids": torch.cat([time_ids] * len(texts))}
        return cls(hidden, {"added_cond_kwargs": added})


def denoise(
    scheduler: Any,
    plan: Plan,
    latents: Tensor,
    predict: Predict,
    noise: Noise,
    watch: Watch,
    blend: Blend | None = None,
) -> Tensor:
    """Run a plan from its first timestep to its last; gives clean latents, fp32.

    ``scheduler`` is a diffusers scheduler that ``plan`` was made with. ``predict`` is given unscaled latents. Where
    the plan leaves out the tail of the schedule, the last prediction of the clean latents is the result, because
    what is left would still be noisy. Raises ``Stopped``.
    """
    options = _options(scheduler, noise)
    last = len(plan.timesteps) - 1
    for done, timestep in enumerate(plan.timesteps):
        watch.step(done, plan.total)
        output = predict(latents, done)
        if done == last and plan.cut_tail:
            latents = predicted_original(scheduler, output, timestep, latents)
        else:
            latents = scheduler.step(output, timestep, latents, return_dict=False, **options)[0]
        if blend:
            latents = blend(latents, plan.timesteps[done + 1] if done < last else None)
    return latents


def time_ids(width: int, height: int, device: torch.device) -> Tensor:
    """What SDXL is told of the size: original size, crop at the top left corner, target size, each height first."""
    return torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32, device=device)


def _texts(conditioning: Conditioning, cfg_scale: float) -> list[_Text]:
    """The embeddings that matter at this scale, negative before positive."""
    negative = conditioning.negative, conditioning.pooled_negative
    positive = conditioning.positive, conditioning.pooled_positive
    if cfg_scale == 0:
        return [negative]
    return [positive] if cfg_scale == 1 else [negative, positive]


def _options(scheduler: Any, noise: Noise) -> dict[str, Any]:
    """Ancestral schedulers draw noise of their own, and only they take a generator."""
    takes = inspect.signature(scheduler.step).parameters
    return {"generator": noise.generator} if "generator" in takes else {}
