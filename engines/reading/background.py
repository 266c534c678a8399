"""Background removal by panoptic segmentation: of all segments of a picture, those that are its subject.

The network (EoMT, Kerssies et al. 2025) answers with queries: each has a kind and a mask. The subject are the things
among them; where there are none, all that is not surroundings; where that is nothing either, the whole picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engines.analysis.types import Question
from engines.loading import pretrained
from engines.loading.device import Device
from engines.loading.model import NumbersLost, Thrift, Watch
from engines.reading import coco
from engines.reading.findings import labels_of
from engines.reading.judging import processor
from engines.reading.texts import class_of
from engines.types import Pixels
from engines.weights.setup import Located

NETWORKS = {"eomt": "EomtForUniversalSegmentation"}
"""Classes by the type of a model, as transformers keeps them for other uses."""
UNLEARNT = ("attn_mask_probs", "criterion.empty_weight")
"""What serves training only, and published files may lack."""
SURE = 0.5
"""How probable the kind of a query must be for it to count."""
SOMETHING = 0.005
"""The share of a picture that a subject must cover at least to be one."""


class BackgroundRemover:
    """``prepare`` pads pictures to the network's square and takes the padding off. Any: transformers is untyped."""

    def __init__(self, model: Any, prepare: Any) -> None:
        self._model = model
        self._prepare = prepare
        kinds = coco.names(labels_of(model.config))
        self._things = torch.tensor([coco.is_thing(name) for name in kinds])
        self._surroundings = torch.tensor([coco.is_surroundings(name) for name in kinds])

    @torch.no_grad()
    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Pixels:
        """The subject, height x width: 255 inside, 0 outside, and in between along its edges."""
        pixels = question.pixels
        if pixels is None:
            raise ValueError("there is no picture in the question")
        seen = self._prepare(images=pixels, return_tensors="pt")["pixel_values"]
        output = self._model(seen.to(self._model.device, self._model.dtype))
        watch.step(1, 1)
        kinds, masks = output.class_queries_logits[0].float().cpu(), output.masks_queries_logits[0].float().cpu()
        if not (kinds.isfinite().all() and masks.isfinite().all()):
            raise NumbersLost("a mask")
        height, width = pixels.shape[:2]
        for found in self._candidates(kinds, masks):
            subject = self._fitted(found, height, width).sigmoid()
            if (subject > 0.5).float().mean() >= SOMETHING:
                return (subject * 255).round().numpy().astype(np.uint8)
        return np.full((height, width), 255, np.uint8)

    def _candidates(self, kinds: torch.Tensor, masks: torch.Tensor) -> list[torch.Tensor]:
        """What may be the subject, the best first, as logits of belonging to it; ``masks`` are queries x h x w."""
        scores, numbers = kinds.softmax(-1).max(-1)
        counts = (scores > SURE) & (numbers < len(self._things))  # The last kind is none at all.
        known = numbers.clamp(max=len(self._things) - 1)
        things, around = masks[counts & self._things[known]], masks[counts & self._surroundings[known]]
        found = [things.amax(0)] if len(things) else []
        return [*found, -around.amax(0)] if len(around) else found

    def _fitted(self, logits: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """Without the padding, and in the size of the picture."""
        size = self._prepare.size
        square = (size["shortest_edge"], size["longest_edge"] or size["shortest_edge"])
        padded = functional.interpolate(logits[None, None], size=square, mode="bilinear")
        fitted: torch.Tensor = self._prepare.unpad_image(padded, [(height, width)], size)[0][0]
        return fitted


def load(located: Located, device: Device, dtype: torch.dtype) -> BackgroundRemover:
    """A remover from a folder. Raises ``WeightsUnusable``."""
    folder = pretrained.folder_of(located)
    model = pretrained.model(class_of(NETWORKS, folder), folder, located, device, dtype, spare=UNLEARNT)
    # During training, masks narrow what queries look at, ever more rarely; a trained network does without them.
    model.attn_mask_probs.zero_()
    return BackgroundRemover(model, processor(located, device))
