"""The check of finished pictures, by the checker of the Stable Diffusion pipelines or by a classifier of pictures.

Only the verdict leaves this file: what is to be done about it, others decide.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from torch.nn import functional

from engines.diffusion import preprocessing
from engines.diffusion.preprocessing import Preprocessing
from engines.loading import files, pretrained
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.types import Pixels
from engines.weights.setup import Located

THRESHOLD = 0.5
"""How probable the unsafe labels of a classifier must be together."""
UNSAFE_WORDS = ("nsfw", "unsafe", "porn", "hentai", "sexy", "explicit", "nudity")
"""A label that contains one of these is an unsafe one."""
CARE = 0.01
"""By how much the published checker lowers all thresholds for a picture that calls for special care."""

Verdict = Callable[[torch.Tensor], bool]
"""Of a preprocessed picture [1, 3, H, W]."""


class SafetyChecker:
    """Looks at one picture at a time."""

    def __init__(self, verdict: Verdict, preprocess: Preprocessing, device: torch.device, dtype: torch.dtype) -> None:
        self._verdict = verdict
        self._preprocess = preprocess
        self._device = device
        self._dtype = dtype

    @torch.no_grad()
    def unsafe(self, pixels: Pixels) -> bool:
        """Whether the picture, of any size, should not be shown."""
        return self._verdict(self._preprocess.apply(pixels).to(self._device, self._dtype))


def load(located: Located, device: Device, dtype: torch.dtype) -> SafetyChecker:
    """A checker from a pipeline's folder, or from the folder of a checker or a classifier. Raises ``WeightsUnusable``.

    Its ``config.json`` says which of the two it is; a classifier is one that transformers knows, since files cannot
    bring code of their own.
    """
    folder = pretrained.folder_of(located)
    if (folder / "safety_checker").is_dir():
        folder = folder / "safety_checker"
    preprocess = Preprocessing.of(_preprocessed_in(folder))
    kind = (files.settings(folder / "config.json").get("architectures") or [""])[0]
    if kind == StableDiffusionSafetyChecker.__name__:
        verdict = concepts(pretrained.model(StableDiffusionSafetyChecker, folder, located, device, dtype))
    elif kind.endswith("ForImageClassification") and hasattr(transformers, kind):
        verdict = labels(pretrained.model(getattr(transformers, kind), folder, located, device, dtype))
    else:
        raise WeightsUnusable(f"{folder}: {kind or 'a model of no architecture'} does not judge pictures")
    return SafetyChecker(verdict, preprocess, device.torch, dtype)


def concepts(model: Any) -> Verdict:
    """The published checker's rule: too close, in cosines, to any of its concepts, with a threshold for each.

    Near a concept of special care every other threshold is lower. The model's own ``forward`` says the same, but
    logs that it has blackened a picture.
    """

    def verdict(picture: torch.Tensor) -> bool:
        seen = functional.normalize(model.visual_projection(model.vision_model(picture)[1]))

        def above(embeddings: torch.Tensor, thresholds: torch.Tensor, extra: float) -> bool:
            cosines = (seen @ functional.normalize(embeddings).T).float()
            return bool(((cosines - thresholds.float() + extra).round(decimals=3) > 0).any())

        care = above(model.special_care_embeds, model.special_care_embeds_weights, 0.0)
        return above(model.concept_embeds, model.concept_embeds_weights, CARE if care else 0.0)

    return verdict


def labels(model: Any) -> Verdict:
    """A classifier's rule: the labels that sound unsafe are more probable than ``THRESHOLD`` together.

    Where labels do not exclude each other, one of them is enough.
    """
    names = {int(number): str(name).lower() for number, name in model.config.id2label.items()}
    wanted = [number for number, name in names.items() if any(word in name for word in UNSAFE_WORDS)]
    if not wanted:
        raise WeightsUnusable(f"none of the labels {sorted(names.values())} sounds unsafe")

    def verdict(picture: torch.Tensor) -> bool:
        scores = model(picture).logits[0].float()
        if model.config.problem_type == "multi_label_classification":
            return bool(scores.sigmoid()[wanted].max() > THRESHOLD)
        return bool(scores.softmax(-1)[wanted].sum() > THRESHOLD)

    return verdict


def _preprocessed_in(folder: Path) -> Path:
    """Pipelines keep the preprocessing in a folder of its own, beside the checker's."""
    beside = folder.parent / "feature_extractor"
    inside = (folder / preprocessing.FILE).is_file() or not (beside / preprocessing.FILE).is_file()
    return folder if inside else beside
