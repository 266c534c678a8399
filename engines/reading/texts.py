"""A network that reads texts, with its tokenizer: from texts to rows of numbers, in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from engines.loading import files, pretrained
from engines.loading.device import Device
from engines.loading.model import Thrift, Watch, WeightsUnusable
from engines.reading.reader import AT_ONCE
from engines.weights.setup import Located

VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json")
"""The files of which a tokenizer needs one at least."""
_ENDLESS = 1_000_000
"""Tokenizers that know no limit give a number far beyond this one."""

Read = Callable[[Any, torch.Tensor], torch.Tensor]
"""What is taken from the network's output, and from the mask of the tokens that are no padding: a row for each text."""


@dataclass(frozen=True, slots=True, eq=False)
class TextNetwork:
    """``longest`` is the number of tokens after which texts are cut. Any: transformers is untyped."""

    model: Any
    tokenizer: Any
    longest: int

    def rows(
        self, texts: Sequence[str], seconds: Sequence[str] | None, read: Read, watch: Watch, thrift: Thrift
    ) -> torch.Tensor:
        """A row in fp32 for each text, read together with the second one of its place, if there are second ones.

        Of a pair that is too long the longer one is cut. Raises ``Stopped``.
        """
        size, found = AT_ONCE[thrift], []
        for start in range(0, len(texts), size):
            watch.step(start, len(texts))
            pair = [list(side[start : start + size]) for side in (texts, seconds) if side is not None]
            tokens = self.tokenizer(
                *pair, padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
            ).to(self.model.device)
            found.append(read(self.model(**tokens), tokens["attention_mask"]).float().cpu())
        watch.step(len(texts), len(texts))
        return torch.cat(found)


def load(
    names: Mapping[str, Any], located: Located, device: Device, dtype: torch.dtype, longest: int = _ENDLESS
) -> TextNetwork:
    """The network in a folder; ``names`` are the classes of transformers for one use, by the type of a model.

    Raises ``WeightsUnusable``.
    """
    folder = pretrained.folder_of(located)
    tokenizer = pretrained.reader(transformers.AutoTokenizer, folder, VOCABULARIES, device, trust_remote_code=False)
    model = pretrained.model(class_of(names, folder), folder, located, device, dtype)
    return TextNetwork(model, tokenizer, min(longest, _longest(tokenizer, model.config)))


def class_of(names: Mapping[str, Any], folder: Path) -> Any:
    """The class for the model in a folder. Raises ``WeightsUnusable`` for those that transformers itself lacks.

    It is found by the type in ``config.json`` alone, so that a folder cannot name code of its own.
    """
    kind = str(files.settings(folder / "config.json").get("model_type"))
    name = names.get(kind)
    if not isinstance(name, str):
        raise WeightsUnusable(f"{folder}: transformers has no model of the type {kind} for this")
    return getattr(transformers, name)


def _longest(tokenizer: Any, config: Any) -> int:
    """As the tokenizer says, or else as many as the network has places for.

    RoBERTa and its relatives count places from the number of the padding token on.
    """
    if tokenizer.model_max_length < _ENDLESS:
        return int(tokenizer.model_max_length)
    return int(getattr(config, "max_position_embeddings", 513)) - int(config.pad_token_id or 0) - 1
