"""Tiny text encoders of CLIP's kind, with a tokenizer made on the spot."""

from __future__ import annotations

from typing import TypeVar

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

Module = TypeVar("Module", bound=torch.nn.Module)

MAX_LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"


def letters() -> dict[str, int]:
    """CLIP's smallest vocabulary: 256 bytes, the same 256 at the end of a word, and two marks."""
    alphabet = sorted(ByteLevel.alphabet())
    words = [*alphabet, *(letter + "</w>" for letter in alphabet), START, END]
    return {word: number for number, word in enumerate(words)}


def tokenizer(pad: str = END) -> CLIPTokenizer:
    """One token per byte of text. SD 2 and SDXL's second encoder fill up with "!" instead of the end mark."""
    return CLIPTokenizer(vocab=letters(), merges=[], pad_token=pad, model_max_length=MAX_LENGTH)


def config(width: int, activation: str = "quick_gelu", projection: int = 16) -> CLIPTextConfig:
    """Two layers of the given width."""
    vocabulary = letters()
    return CLIPTextConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=MAX_LENGTH,
        hidden_act=activation,
        projection_dim=projection,
        bos_token_id=vocabulary[START],
        eos_token_id=vocabulary[END],
        pad_token_id=vocabulary[END],
    )


def encoder(width: int, activation: str = "quick_gelu") -> CLIPTextModel:
    """What SD 1 and SD 2 read with, and SDXL's first."""
    return enlivened(CLIPTextModel(config(width, activation)))


def projecting_encoder(width: int, projection: int) -> CLIPTextModelWithProjection:
    """SDXL's second encoder, which also gives one vector for the whole text."""
    return enlivened(CLIPTextModelWithProjection(config(width, "gelu", projection)))


@torch.no_grad()
def enlivened(model: Module) -> Module:
    """Enlarge what CLIP starts very small, so that every letter and its place make a difference."""
    for name, weight in model.named_parameters():
        if weight.ndim > 1:
            weight.mul_(20 if "embedding" in name else 5)
    return model.eval()
