"""From weighted prompts to the embeddings that steer a UNet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import torch

from engines.diffusion import tokens
from engines.diffusion.blends import Blend, blends
from engines.diffusion.parts import Parts
from engines.types import Prompt
from engines.weights.setup import LongPrompts

REMEMBERED = 64
"""How many rows of 77 tokens a reader keeps the embeddings of."""


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """Embeddings [1, L, C] of both sides, of equal length, in the parts' dtype; and pooled ones [1, D] (SDXL, SD 3)."""

    positive: torch.Tensor
    negative: torch.Tensor
    pooled_positive: torch.Tensor | None = None
    pooled_negative: torch.Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """What the encoders make of a text: [1, L, C], and [1, D] for the text as a whole, if they give that."""

    hidden: torch.Tensor
    pooled: torch.Tensor | None


Piece = tuple[tokens.Ids, ...]
"""The same stretch of a text in the tokens of each encoder."""


class PromptReader:
    """Encodes prompts, and remembers the rows that were encoded last."""

    def __init__(self, parts: Parts, long_prompts: LongPrompts) -> None:
        self._parts = parts
        self._long_prompts = long_prompts
        pairs = zip(parts.tokenizers, parts.text_encoders, strict=True)
        self._room = min(tokens.room(tokenizer, encoder) for tokenizer, encoder in pairs)
        encode: Callable[[Piece], Embedding] = partial(_encode, parts, self._room)
        self._encode = lru_cache(maxsize=REMEMBERED)(encode)

    @torch.no_grad()
    def read(self, prompts: tuple[Prompt, ...], style: str | None) -> Conditioning:
        """The embeddings of a request's prompts, mixed as ``blends`` says, in fp32.

        In pieces, all texts of the request are made as long as the longest one with encoded empty pieces, and a
        pooled embedding is that of the first piece.
        """
        sides = blends(prompts, style)
        read = {text: self._pieces(text or "") for side in sides for text, _ in side}
        length = max(len(pieces) for pieces in read.values())
        embedded = {text: self._embedded(text, pieces, length) for text, pieces in read.items()}
        positive, negative = (self._mixed(side, embedded) for side in sides)
        return Conditioning(positive.hidden, negative.hidden, positive.pooled, negative.pooled)

    def _pieces(self, text: str) -> tuple[Piece, ...]:
        """The text in pieces; an encoder whose tokens end earlier than another's gets empty ones."""
        per_encoder = [
            tokens.pieces(tokens.read(tokenizer, text), self._room, self._long_prompts)
            for tokenizer in self._parts.tokenizers
        ]
        count = max(len(pieces) for pieces in per_encoder)
        return tuple(zip(*(pieces + ((),) * (count - len(pieces)) for pieces in per_encoder), strict=True))

    def _embedded(self, text: str | None, pieces: tuple[Piece, ...], length: int) -> Embedding:
        empty: Piece = ((),) * len(self._parts.tokenizers)
        encoded = [self._encode(piece) for piece in pieces + (empty,) * (length - len(pieces))]
        hidden, pooled = torch.cat([one.hidden for one in encoded], dim=1), encoded[0].pooled
        if text is None and self._parts.zeros_for_empty:
            return Embedding(torch.zeros_like(hidden), None if pooled is None else torch.zeros_like(pooled))
        return Embedding(hidden, pooled)

    def _mixed(self, blend: Blend, embedded: dict[str | None, Embedding]) -> Embedding:
        shares = [(embedded[text], share) for text, share in blend]
        hidden = self._sum([(one.hidden, share) for one, share in shares])
        pooled = [(one.pooled, share) for one, share in shares if one.pooled is not None]
        return Embedding(hidden, self._sum(pooled) if pooled else None)

    def _sum(self, parts: list[tuple[torch.Tensor, float]]) -> torch.Tensor:
        """Always in fp32 and in the same order, so that one text with share 1 stays what it is, bit for bit."""
        total = torch.zeros_like(parts[0][0], dtype=torch.float32)
        for embedding, share in parts:
            total += embedding.float() * share
        return total.to(self._parts.dtype)


def _encode(parts: Parts, room: int, piece: Piece) -> Embedding:
    """One row by every encoder: SD's only one after its last norm, the two of SDXL and SD 3 before their last layer."""
    rows = [tokens.row(tokenizer, ids, room) for tokenizer, ids in zip(parts.tokenizers, piece, strict=True)]
    ids, masks = ([torch.tensor([row[i]], device=parts.device) for row in rows] for i in (0, 1))
    if len(parts.text_encoders) == 1:
        encoder = parts.text_encoders[0]
        masked = getattr(encoder.config, "use_attention_mask", False)
        return Embedding(encoder(ids[0], attention_mask=masks[0] if masked else None)[0], None)
    answers = [encoder(row, output_hidden_states=True) for encoder, row in zip(parts.text_encoders, ids, strict=True)]
    hidden = torch.cat([answer.hidden_states[-2] for answer in answers], dim=-1)
    pooled = [answer.text_embeds for answer in answers if "text_embeds" in answer]  # by SDXL's second, by both of SD 3
    return Embedding(hidden, torch.cat(pooled, dim=-1))
