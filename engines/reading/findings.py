"""From the numbers of a network to findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from engines.analysis.types import Findings
from engines.loading.model import NumbersLost, WeightsUnusable


def findings(labels: Sequence[str], scores: torch.Tensor, logits: torch.Tensor) -> Findings:
    """Both tensors have a row for each text and a column for each label. Raises ``NumbersLost``."""
    if not (scores.isfinite().all() and logits.isfinite().all()):
        raise NumbersLost("scores")
    return Findings(tuple(labels), tuple(map(tuple, scores.tolist())), tuple(map(tuple, logits.tolist())))


def probabilities(logits: torch.Tensor, config: Any) -> torch.Tensor:
    """What a classifier's configuration says its logits mean: labels that exclude each other, or each for itself."""
    alone = config.problem_type == "multi_label_classification" or config.num_labels == 1
    return logits.sigmoid() if alone else logits.softmax(-1)


def labels_of(config: Any) -> tuple[str, ...]:
    """The labels of a classifier, in the order of its logits. Raises ``WeightsUnusable`` where some have no name."""
    try:
        return tuple(str(config.id2label[number]) for number in range(config.num_labels))
    except KeyError as missing:
        raise WeightsUnusable(f"label {missing} of {config.num_labels} has no name in config.json") from missing
