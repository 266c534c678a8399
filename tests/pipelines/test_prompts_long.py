"""Prompts longer than an encoder reads in one go, and what is remembered of prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline

from engines.diffusion.parts import Parts
from engines.diffusion.prompts import REMEMBERED, PromptReader
from engines.types import Prompt
from engines.weights.setup import LongPrompts

Reader = Callable[[LongPrompts], PromptReader]
FIRST, SECOND = "a" * 75, "b" * 75
"""The tiny tokenizer reads one token per letter, and the last letter of a word is a token of its own."""


@pytest.fixture(scope="module")
def parts(tiny: Callable[[str], Path]) -> Parts:
    """Both encoders of the tiny SDXL."""
    pipe = StableDiffusionXLPipeline.from_pretrained(tiny("sdxl"), local_files_only=True)
    return Parts(
        unet=None,
        vae=None,
        text_encoders=(pipe.text_encoder, pipe.text_encoder_2),
        tokenizers=(pipe.tokenizer, pipe.tokenizer_2),
        scheduler={},
        device=torch.device("cpu"),
        dtype=torch.float32,
        zeros_for_empty=True,
    )


@pytest.fixture
def reader(parts: Parts) -> Reader:
    """A reader that remembers nothing yet."""
    return lambda long_prompts: PromptReader(parts, long_prompts)


@contextmanager
def _counted(parts: Parts) -> Iterator[list[int]]:
    """Count what the second encoder is asked."""
    asked: list[int] = []
    hook = parts.text_encoders[1].register_forward_hook(lambda *_: asked.append(1))
    yield asked
    hook.remove()


def test_cut_ignores_what_comes_after_75_tokens(reader: Reader) -> None:
    """Two prompts that differ only behind the cut are the same prompt, in one row of 77."""
    one = reader(LongPrompts.CUT).read((Prompt(f"{FIRST} {SECOND}"),), None)
    other = reader(LongPrompts.CUT).read((Prompt(f"{FIRST} cat"),), None)
    assert one.positive.shape[1] == 77
    assert torch.equal(one.positive, other.positive)


def test_chunks_are_the_pieces_end_to_end(reader: Reader) -> None:
    """Two pieces of 75 tokens are encoded as two prompts and laid end to end; pooled is the first one's."""
    whole = reader(LongPrompts.CHUNKS).read((Prompt(f"{FIRST} {SECOND}"),), None)
    first, second = (reader(LongPrompts.CHUNKS).read((Prompt(text),), None) for text in (FIRST, SECOND))
    assert torch.equal(whole.positive, torch.cat([first.positive, second.positive], dim=1))
    assert whole.pooled_positive is not None
    assert first.pooled_positive is not None
    assert torch.equal(whole.pooled_positive, first.pooled_positive)


def test_chunks_fill_shorter_prompts_with_encoded_empty_pieces(reader: Reader) -> None:
    """The negative side gets as long as the positive one."""
    read = reader(LongPrompts.CHUNKS).read((Prompt(f"{FIRST} {SECOND}"), Prompt("rain", -1)), None)
    rain = reader(LongPrompts.CHUNKS).read((Prompt("x"), Prompt("rain", -1)), None).negative
    empty = reader(LongPrompts.CHUNKS).read((Prompt(""),), None).positive
    assert read.negative.shape == read.positive.shape == (1, 154, 40)
    assert torch.equal(read.negative, torch.cat([rain, empty], dim=1))


def test_chunks_of_a_missing_negative_prompt_are_all_zeros(reader: Reader) -> None:
    """SDXL's zeros get as long as the positive side."""
    read = reader(LongPrompts.CHUNKS).read((Prompt(f"{FIRST} {SECOND} c"),), None)
    assert read.negative.shape == (1, 231, 40)
    assert not read.negative.any()


def test_chunks_leave_short_prompts_as_they_are(reader: Reader) -> None:
    """Up to 75 tokens both ways of reading give the same."""
    for text in ("", "a cat", FIRST):
        one, other = (reader(way).read((Prompt(text),), None) for way in LongPrompts)
        assert torch.equal(one.positive, other.positive)


def test_a_text_of_ten_thousand_characters_is_read_to_its_end(reader: Reader) -> None:
    """In pieces nothing is lost, and the last letter counts."""
    one = reader(LongPrompts.CHUNKS).read((Prompt("x" * 10_000),), None)
    other = reader(LongPrompts.CHUNKS).read((Prompt("x" * 9_999 + "y"),), None)
    assert one.positive.shape[1] == 77 * 134
    assert not torch.equal(one.positive, other.positive)


def test_a_prompt_that_was_read_before_is_not_encoded_again(parts: Parts, reader: Reader) -> None:
    """The second time gives the same embeddings without asking the encoders."""
    remembering = reader(LongPrompts.CUT)
    prompts = (Prompt("a cat", 2), Prompt("a dog"), Prompt("rain", -1))
    first = remembering.read(prompts, None)
    with _counted(parts) as asked:
        second = remembering.read(prompts, None)
    assert not asked
    assert torch.equal(first.positive, second.positive)
    assert torch.equal(first.negative, second.negative)


def test_what_was_not_read_for_long_is_forgotten(parts: Parts, reader: Reader) -> None:
    """The memory for prompts is bounded; a forgotten one is encoded again and gives the same."""
    forgetting = reader(LongPrompts.CUT)
    before = forgetting.read((Prompt("first"),), None)
    for number in range(REMEMBERED):
        forgetting.read((Prompt(f"prompt {number}"),), None)
    with _counted(parts) as asked:
        after = forgetting.read((Prompt("first"),), None)
    assert len(asked) == 1
    assert torch.equal(before.positive, after.positive)


def test_what_a_caller_does_to_embeddings_is_not_remembered(reader: Reader) -> None:
    """Changing them in place does not change the next answer."""
    remembering = reader(LongPrompts.CUT)
    first = remembering.read((Prompt("a cat"),), None)
    kept = first.positive.clone()
    first.positive.zero_()
    assert torch.equal(remembering.read((Prompt("a cat"),), None).positive, kept)
