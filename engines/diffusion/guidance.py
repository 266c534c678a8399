"""CLIP guidance: every guided step moves the picture that is being predicted closer to what CLIP reads in the prompts.

At a step the predicted picture x0 is decoded, seen through random cut-outs by CLIP's image encoder and compared
with CLIP's text embeddings of the prompts. With u and v of unit length the distance is half the squared angle,
2 asin(|u - v| / 2)^2; the distances of several prompts are summed with their weights, over the sum of the
absolute weights, so that a negative prompt repels. g is the gradient of this distance, by x0 or, where a preset
goes through the UNet, by its input. Then

    x0' = x0 - strength * (1 - i / n) * rms(x0) * g / rms(g)

for call i of n. The size of a move is thus a share of the picture's own size and fades out along the
schedule; CLIP only says where to. Every prediction type of the samplers gives x0 as an affine function of the
model's output, so that the output is changed by the move divided by the slope of that function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from engines.diffusion import cutouts, preprocessing
from engines.diffusion.preprocessing import CLIP_MEAN, CLIP_STD, Color, Preprocessing
from engines.diffusion.presets import PRESETS, Preset
from engines.loading import pretrained
from engines.loading.device import Device
from engines.types import Prompt
from engines.weights.setup import Located

Predict = Callable[[torch.Tensor], torch.Tensor]
"""Latents [1, 4, h, w] to the model's output of the same shape, after classifier-free guidance. Keeps gradients."""
Original = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""The model's output and the latents it came from to the predicted x0. Keeps gradients, changes no state."""
Decode = Callable[[torch.Tensor], torch.Tensor]
"""Latents as x0 has them (scaled) to pixels [1, 3, H, W] in -1..1. Keeps gradients."""

LARGEST_DECODED = 64
"""Longer sides of latents are averaged down to this before they are decoded for CLIP, which sees small views anyway."""


VIEWS_AT_ONCE = 8
"""With the largest published CLIP, 24 layers of 1,024 features, 8 views keep about 1.6 GB in half precision."""


class ClipGuide:
    """A CLIP model that can look at pictures and say which way the prompts are.

    ``model`` is transformers' ``CLIPModel``, set to answering only, ``tokenizer`` its tokenizer, ``mean`` and ``std``
    are what its pictures are normalized with, per channel in 0..1.
    """

    def __init__(
        self, model: Any, tokenizer: Any, mean: Color = CLIP_MEAN, std: Color = CLIP_STD
    ) -> None:  # Any: transformers is untyped
        self._model = model
        self._tokenizer = tokenizer
        self._side: int = model.config.vision_config.image_size
        self._mean = torch.tensor(mean, device=model.device)[:, None, None]
        self._std = torch.tensor(std, device=model.device)[:, None, None]

    def prepare(self, prompts: tuple[Prompt, ...], preset: str | None, seed: int, calls: int) -> GuidedRun | None:
        """Guidance for one picture that takes ``calls`` model calls; None where the preset or the prompts ask for none.

        The cut-outs come from ``seed`` alone, by a generator of their own.
        """
        chosen = PRESETS.get(preset or "NONE")
        counted = tuple(prompt for prompt in prompts if prompt.weight)
        if chosen is None or not counted:
            return None
        return GuidedRun(self, chosen, self.read(counted), seed, calls)

    def distance(self, pixels: torch.Tensor, views: torch.Tensor, targets: Targets) -> torch.Tensor:
        """How far the views of a picture [1, 3, H, W] in -1..1 are from the prompts; a scalar that keeps gradients."""
        exact = pixels.to(torch.promote_types(pixels.dtype, torch.float32))
        seen = cutouts.cut((exact + 1) / 2, views, self._side)
        features = self._model.get_image_features((seen - self._mean) / self._std).pooler_output
        unit = functional.normalize(features.to(exact.dtype), dim=-1)
        half = (unit[:, None] - targets.unit[None]).square().sum(-1) / 4
        angle = half.clamp(1e-12, 1 - 1e-6).sqrt().asin()
        return (2 * angle.square() * targets.shares).sum(-1).mean()

    @torch.no_grad()
    def read(self, prompts: tuple[Prompt, ...]) -> Targets:
        """What pictures are compared with; not all weights may be 0. Each text is read as far as CLIP reads."""
        texts = [prompt.text.encode("utf-8", "replace").decode() for prompt in prompts]
        ids = self._tokenizer(texts, padding="max_length", truncation=True, max_length=self._room, return_tensors="pt")
        features = self._model.get_text_features(**ids.to(self._model.device)).pooler_output
        unit = functional.normalize(features.to(torch.promote_types(features.dtype, torch.float32)), dim=-1)
        total = sum(abs(prompt.weight) for prompt in prompts)
        return Targets(unit, torch.tensor([prompt.weight / total for prompt in prompts]).to(unit))

    @property
    def _room(self) -> int:
        return int(self._model.config.text_config.max_position_embeddings)


def load(located: Located, device: Device, dtype: torch.dtype) -> ClipGuide:
    """A guide from a folder as CLIP's own repositories are laid out. Raises ``WeightsUnusable``."""
    folder = pretrained.folder_of(located)
    tokenizer = pretrained.reader(CLIPTokenizer, folder, pretrained.TOKENIZER, device)
    model = pretrained.model(CLIPModel, folder, located, device, dtype)
    if not (folder / preprocessing.FILE).is_file():
        return ClipGuide(model, tokenizer)
    colors = Preprocessing.of(folder)
    return ClipGuide(model, tokenizer, colors.mean, colors.std)


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Text embeddings of unit length [prompts, C] and the weight of each [prompts]; absolute weights sum to 1."""

    unit: torch.Tensor
    shares: torch.Tensor


class GuidedRun:
    """The guidance of one picture from its first model call to its last."""

    def __init__(self, guide: ClipGuide, preset: Preset, targets: Targets, seed: int, calls: int) -> None:
        self._guide = guide
        self._preset = preset
        self._targets = targets
        self._generator = torch.Generator("cpu").manual_seed(seed)
        self._calls = calls
        self._done = 0
        self._magnified = 2.0**12

    def shift(self, latents: torch.Tensor, predict: Predict, original: Original, decode: Decode) -> torch.Tensor:
        """The model's output for ``latents``, guided. Called once per model call, calls ``predict`` once.

        Works inside ``torch.no_grad``, not inside ``torch.inference_mode``; the callables must not turn gradients
        off themselves.
        """
        left = 1 - self._done / self._calls
        self._done += 1
        if 1 - left >= self._preset.share:
            return predict(latents)
        views = cutouts.draw(self._preset.cutouts, self._generator)
        output, start, gradient = self._gradient(latents, predict, original, decode, views)
        slope = _slope(original, output)
        size = _rms(gradient)
        if not torch.isfinite(size) or size == 0 or slope == 0:
            return output
        move = -self._preset.strength * left * _rms(start) * gradient / size
        return output + (move / slope).to(output)

    def _gradient(
        self, latents: torch.Tensor, predict: Predict, original: Original, decode: Decode, views: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The model's output, the predicted x0, and the gradient of the distance, magnified."""
        with torch.enable_grad():
            if self._preset.through_unet:
                source = latents.detach().requires_grad_()
                output = predict(source)
                start = original(output, source)
            else:
                with torch.no_grad():
                    output = predict(latents)
                    source = original(output, latents)
                source = start = source.detach().requires_grad_()
            picture = decode(_small(start))
            (gradient,) = torch.autograd.grad(picture, source, self._by_pixel(picture, views))
        if not torch.isfinite(gradient).all():
            self._magnified /= 16
        return output.detach(), start.detach(), gradient

    def _by_pixel(self, picture: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """The gradient of the distance by the pixels, magnified: half precision would lose that of a single pixel.

        CLIP looks at a few views at a time, because it remembers a lot of each until their gradient is known.
        """
        exact = picture.detach().to(torch.promote_types(picture.dtype, torch.float32)).requires_grad_()
        total = torch.zeros_like(exact)
        for first in range(0, len(views), VIEWS_AT_ONCE):
            some = views[first : first + VIEWS_AT_ONCE]
            distance = self._guide.distance(exact, some, self._targets) * (len(some) / len(views))
            total += torch.autograd.grad(distance * self._magnified, exact)[0]
        return total.to(picture.dtype)


def _small(latents: torch.Tensor) -> torch.Tensor:
    height, width = latents.shape[-2:]
    times = -(-max(height, width) // LARGEST_DECODED)
    return latents if times == 1 else functional.avg_pool2d(latents, times, ceil_mode=True)


def _slope(original: Original, output: torch.Tensor) -> torch.Tensor:
    """By how much x0 changes with the model's output, found with a probe small enough to meet no clipping."""
    zero = torch.zeros_like(output)
    probe = 2.0**-10
    return (original(zero + probe, zero) - original(zero, zero)).mean() / probe


def _rms(values: torch.Tensor) -> torch.Tensor:
    return values.square().mean().sqrt()
