"""Prompts for Stable Diffusion 3, which reads CLIP's words and T5's side by side."""

from __future__ import annotations

from functools import lru_cache, partial

import torch
from torch import Tensor

from engines.diffusion import tokens
from engines.diffusion.parts import Parts
from engines.diffusion.prompts import Embedding, Piece, PromptReader
from engines.weights.setup import LongPrompts

T5_LENGTH = 256
"""Tokens that T5 is given, its end mark included: the most that the models were trained with."""
REMEMBERED_TEXTS = 16
"""How many texts a reader keeps T5's embeddings of, 2 MB each in half precision."""


class JointReader(PromptReader):
    """Encodes prompts by all encoders: CLIP's rows first, filled up with zeros to T5's width, then T5's row.

    T5 reads more of a text than a row of CLIP, so ``long_prompts`` is about CLIP alone.
    """

    def __init__(self, parts: Parts, long_prompts: LongPrompts) -> None:
        super().__init__(parts, long_prompts)
        self._width: int = parts.unet.config.joint_attention_dim
        self._read_whole = lru_cache(maxsize=REMEMBERED_TEXTS)(partial(_by_t5, parts, self._width))

    def _embedded(self, text: str | None, pieces: tuple[Piece, ...], length: int) -> Embedding:
        clip = super()._embedded(text, pieces, length)
        widened = torch.nn.functional.pad(clip.hidden, (0, self._width - clip.hidden.shape[-1]))
        return Embedding(torch.cat([widened, self._read_whole(text or "")], dim=1), clip.pooled)


def _by_t5(parts: Parts, width: int, text: str) -> Tensor:
    """1 x 256 x width; the models were trained without a mask on the filling, and with zeros for T5 now and then."""
    if parts.t5 is None:
        return torch.zeros((1, T5_LENGTH, width), dtype=parts.dtype, device=parts.device)
    tokenizer = parts.t5_tokenizer
    ids = [*tokens.read(tokenizer, text)[: T5_LENGTH - 1], tokenizer.eos_token_id]
    ids += [tokenizer.pad_token_id] * (T5_LENGTH - len(ids))
    hidden: Tensor = parts.t5(torch.tensor([ids], device=parts.device))[0]
    return hidden.to(parts.dtype)
