"""From a text to the rows of token ids that a CLIP text encoder reads."""

from __future__ import annotations

from typing import Any

from engines.weights.setup import LongPrompts

Ids = tuple[int, ...]

ENDS = 2
"""Every row begins and ends with a token of its own."""


def room(tokenizer: Any, encoder: Any) -> int:  # Any: transformers is untyped
    """How many tokens of a text fit into one row: 75 in every published model."""
    return int(min(tokenizer.model_max_length, encoder.config.max_position_embeddings)) - ENDS


def read(tokenizer: Any, text: str) -> Ids:
    """The tokens of a text, without the ends.

    Nothing in a text is active: what spells a special token is read as the letters it is made of. Halves of
    surrogate pairs, which no encoding can hold, become question marks.
    """
    whole = text.encode("utf-8", "replace").decode("utf-8")
    answer = tokenizer(whole, add_special_tokens=False, truncation=False, split_special_tokens=True, verbose=False)
    return tuple(answer.input_ids)


def pieces(ids: Ids, size: int, long_prompts: LongPrompts) -> tuple[Ids, ...]:
    """The tokens in pieces of at most ``size``: one that is cut off there, or as many as it takes; at least one."""
    if long_prompts is LongPrompts.CUT or not ids:
        return (ids[:size],)
    return tuple(ids[start : start + size] for start in range(0, len(ids), size))


def row(tokenizer: Any, piece: Ids, size: int) -> tuple[list[int], list[int]]:
    """A piece between its ends, filled up to ``size`` tokens and the ends; and a mask that is 0 on the filling."""
    ids = [tokenizer.bos_token_id, *piece, tokenizer.eos_token_id]
    filling = size + ENDS - len(ids)
    return ids + [tokenizer.pad_token_id] * filling, [1] * len(ids) + [0] * filling
