"""Sentence similarity: the cosine of the angle between what an encoder makes of two sentences.

A sentence encoder is a network and a rule for making one vector of those of its tokens, which the files of
sentence-transformers tell; vectors are brought to length 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

from engines.analysis.types import Findings, Question
from engines.loading import files, pretrained
from engines.loading.device import Device
from engines.loading.model import Thrift, Watch, WeightsUnusable
from engines.reading import texts
from engines.reading.findings import findings
from engines.reading.texts import Read, TextNetwork
from engines.weights.setup import Located

SHARPNESS = 20.0
"""What cosines are multiplied with to be logits: sentence-transformers trains its encoders with it."""
STEPS = ("Transformer", "Pooling", "Normalize")
"""The steps of an encoder that are known here."""
SAID = "sentence_bert_config.json"


class SentenceEncoder:
    """``pool`` makes one vector of those of a sentence's tokens."""

    def __init__(self, network: TextNetwork, pool: Read) -> None:
        self._network = network
        self._pool = pool

    @torch.no_grad()
    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Findings:
        """A cosine from -1 to 1 for each of the caller's sentences. Each different sentence is read once."""
        sentences = list(dict.fromkeys([*question.texts, *question.labels]))
        vectors = functional.normalize(self._network.rows(sentences, None, self._pool, watch, thrift))
        places = {sentence: number for number, sentence in enumerate(sentences)}
        ours, theirs = ([places[sentence] for sentence in side] for side in (question.texts, question.labels))
        cosines = (vectors[ours] @ vectors[theirs].T).clamp(-1, 1)
        return findings(question.labels, cosines, SHARPNESS * cosines)


def mean(output: Any, mask: torch.Tensor) -> torch.Tensor:
    """The mean of all tokens that are no padding."""
    weights = mask[..., None].to(output.last_hidden_state.dtype)
    summed: torch.Tensor = (output.last_hidden_state * weights).sum(1)
    return summed / weights.sum(1).clamp(min=1e-9)


def first(output: Any, mask: torch.Tensor) -> torch.Tensor:
    """The token that stands for the whole sentence."""
    token: torch.Tensor = output.last_hidden_state[:, 0]
    return token


POOLS: Mapping[str, Read] = {"mean": mean, "mean_tokens": mean, "cls": first, "cls_token": first}
"""By the names that files of different years have for them."""


def load(located: Located, device: Device, dtype: torch.dtype) -> SentenceEncoder:
    """An encoder from a folder; without files of sentence-transformers, of means. Raises ``WeightsUnusable``."""
    folder = pretrained.folder_of(located)
    pool = _pool(folder)
    longest = files.settings(folder / SAID).get("max_seq_length") if (folder / SAID).is_file() else None
    limit = {"longest": int(longest)} if longest else {}
    return SentenceEncoder(texts.load(MODEL_MAPPING_NAMES, located, device, dtype, **limit), pool)


def _pool(folder: Path) -> Read:
    steps = _steps(folder)
    strange = [kind for kind in steps if kind not in STEPS]
    if strange:
        raise WeightsUnusable(f"{folder}: steps of the kind {', '.join(strange)} are not known here")
    if "Pooling" not in steps:
        return mean
    config = files.settings(folder / steps["Pooling"] / "config.json")
    modes = [key.removeprefix("pooling_mode_") for key, on in config.items() if key.startswith("pooling_mode_") and on]
    (mode,) = modes if len(modes) == 1 else [str(config.get("pooling_mode", " and ".join(modes)))]
    if mode not in POOLS:
        raise WeightsUnusable(f"{folder}: pooling by {mode or 'nothing'} is not known here")
    return POOLS[mode]


def _steps(folder: Path) -> dict[str, str]:
    """The folder of each step, by the name of its class; nothing where the files say nothing of steps."""
    listed = files.array(folder / "modules.json") if (folder / "modules.json").is_file() else []
    return {str(step.get("type", "")).rpartition(".")[2]: str(step.get("path", "")) for step in listed}
