"""Classifiers with labels of their own: how unsafe a text or a picture is, and in which ways."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)

from engines.analysis.types import Findings, Question
from engines.loading import pretrained
from engines.loading.device import Device
from engines.loading.model import Thrift, Watch
from engines.reading import texts
from engines.reading.findings import findings, labels_of, probabilities
from engines.reading.texts import TextNetwork, class_of
from engines.weights.setup import Located


class TextClassifier:
    """Scores texts by all labels of its network."""

    def __init__(self, network: TextNetwork) -> None:
        self._network = network
        self._labels = labels_of(network.model.config)

    @torch.no_grad()
    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Findings:
        """A probability for each label of the network."""
        logits = self._network.rows(question.texts, None, lambda output, _: output.logits, watch, thrift)
        return findings(self._labels, probabilities(logits, self._network.model.config), logits)


class PictureClassifier:
    """Scores pictures likewise; ``processor`` brings them to the network's size. Any: transformers is untyped."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model = model
        self._processor = processor
        self._labels = labels_of(model.config)

    @torch.no_grad()
    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Findings:
        """A probability for each label of the network; one row."""
        seen = self._processor(images=question.pixels, return_tensors="pt")["pixel_values"]
        logits = self._model(seen.to(self._model.device, self._model.dtype)).logits.float().cpu()
        watch.step(1, 1)
        return findings(self._labels, probabilities(logits, self._model.config), logits)


def load_for_texts(located: Located, device: Device, dtype: torch.dtype) -> TextClassifier:
    """A classifier of texts from a folder. Raises ``WeightsUnusable``."""
    return TextClassifier(texts.load(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES, located, device, dtype))


def load_for_pictures(located: Located, device: Device, dtype: torch.dtype) -> PictureClassifier:
    """A classifier of pictures from a folder. Raises ``WeightsUnusable``."""
    folder = pretrained.folder_of(located)
    kind = class_of(MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES, folder)
    return PictureClassifier(pretrained.model(kind, folder, located, device, dtype), processor(located, device))


def processor(located: Located, device: Device) -> Any:
    """What prepares pictures, in its form that needs no torchvision. Raises ``WeightsUnusable``."""
    return pretrained.reader(
        transformers.AutoImageProcessor,
        pretrained.folder_of(located),
        pretrained.PROCESSOR,
        device,
        backend="pil",
        trust_remote_code=False,
    )
