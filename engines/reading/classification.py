"""Zero-shot classification: whether it follows from a text that a label describes it.

A network for natural language inference reads the text as premise and a sentence about the label as hypothesis. The
score of a label weighs what speaks for it (entailment) against what speaks against it; its logit is that of
entailment alone, so that the softmax over the labels is what one gets if exactly one of them is right.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from engines.analysis.types import Findings, Question
from engines.loading.device import Device
from engines.loading.model import Thrift, Watch, WeightsUnusable
from engines.reading import texts
from engines.reading.findings import findings, labels_of
from engines.reading.texts import TextNetwork
from engines.weights.setup import Located

HYPOTHESIS = "This example is {}."
"""The sentence that models for this task are published with."""
FOR = "entail"
AGAINST = ("contradict", "not")
"""How the labels of what speaks for and against a hypothesis begin, in lower case."""


class ZeroShotClassifier:
    """``supporting`` and ``opposing`` are the numbers of the network's labels for and against a hypothesis."""

    def __init__(self, network: TextNetwork, supporting: int, opposing: int) -> None:
        self._network = network
        self._supporting = supporting
        self._opposing = opposing

    @torch.no_grad()
    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Findings:
        """A score from 0 to 1 for each of the caller's labels."""
        hypotheses = [HYPOTHESIS.replace("{}", label) for label in question.labels]
        rows = self._network.rows(
            [text for text in question.texts for _ in hypotheses],
            hypotheses * len(question.texts),
            lambda output, _: output.logits,
            watch,
            thrift,
        )
        shape = len(question.texts), len(question.labels)
        sides = rows[:, [self._opposing, self._supporting]]
        return findings(question.labels, sides.softmax(-1)[:, 1].reshape(shape), sides[:, 1].reshape(shape))


def load(located: Located, device: Device, dtype: torch.dtype) -> ZeroShotClassifier:
    """A classifier from a folder. Raises ``WeightsUnusable``."""
    network = texts.load(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES, located, device, dtype)
    return ZeroShotClassifier(network, *_sides(network.model.config))


def _sides(config: Any) -> tuple[int, int]:
    names = [name.lower() for name in labels_of(config)]
    supporting = [number for number, name in enumerate(names) if name.startswith(FOR)]
    opposing = [number for number, name in enumerate(names) if name.startswith(AGAINST)]
    if len(supporting) != 1 or len(opposing) != 1:
        raise WeightsUnusable(f"the labels {', '.join(names)} do not tell entailment from its opposite")
    return supporting[0], opposing[0]
