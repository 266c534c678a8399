"""Prompts become the same embeddings as in the stock pipelines, and mixtures of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from engines.diffusion.parts import Parts
from engines.diffusion.prompts import Conditioning, PromptReader
from engines.diffusion.styles import STYLES
from engines.types import Prompt
from engines.weights.setup import LongPrompts

Tiny = Callable[[str], Path]
LONG = "a very long tale of a ship, " * 60
TEXTS = [
    "a lighthouse at dusk",
    "",
    "   ",
    "Ünïcode, \u732b \U0001f63a e\u0301",
    "nul \x00 byte",
    "(cat:1.2)++ [dog|wolf] {a}",
    "x" * 10_000,
    LONG,
]


@pytest.fixture(scope="module")
def stock(tiny: Tiny) -> Callable[[str], Any]:
    """The stock pipeline on a tiny model, by kind; loaded once."""
    loaded: dict[str, Any] = {}

    def pipeline(kind: str) -> Any:
        if kind not in loaded:
            pipe = StableDiffusionXLPipeline if kind == "sdxl" else StableDiffusionPipeline
            loaded[kind] = pipe.from_pretrained(tiny(kind), local_files_only=True)
        return loaded[kind]

    return pipeline


def _parts(pipe: Any) -> Parts:
    second = getattr(pipe, "text_encoder_2", None)
    return Parts(
        unet=pipe.unet,
        vae=pipe.vae,
        text_encoders=(pipe.text_encoder, second) if second else (pipe.text_encoder,),
        tokenizers=(pipe.tokenizer, pipe.tokenizer_2) if second else (pipe.tokenizer,),
        scheduler={},
        device=torch.device("cpu"),
        dtype=torch.float32,
        zeros_for_empty=bool(pipe.config.get("force_zeros_for_empty_prompt", False)),
    )


@pytest.fixture
def reader(stock: Callable[[str], Any]) -> Callable[..., PromptReader]:
    """A fresh reader of a kind of model."""
    return lambda kind="sd1", long_prompts=LongPrompts.CUT: PromptReader(_parts(stock(kind)), long_prompts)


def _stock_embeddings(pipe: Any, prompt: str, negative: str | None) -> tuple[torch.Tensor | None, ...]:
    with torch.no_grad():
        answers = pipe.encode_prompt(
            prompt,
            device="cpu",
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
            negative_prompt=negative,
        )
    return tuple(answers) if len(answers) == 4 else (*answers, None, None)


def _ours(conditioning: Conditioning) -> tuple[torch.Tensor | None, ...]:
    sides = conditioning.positive, conditioning.negative
    return *sides, conditioning.pooled_positive, conditioning.pooled_negative


def _same(one: tuple[torch.Tensor | None, ...], other: tuple[torch.Tensor | None, ...]) -> bool:
    return all(a is b if a is None or b is None else torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("text", TEXTS)
def test_one_prompt_is_read_as_the_stock_pipeline_reads_it(
    reader: Callable[..., PromptReader], stock: Callable[[str], Any], kind: str, text: str
) -> None:
    """Bit for bit, whatever the text holds, and without a negative prompt."""
    ours = _ours(reader(kind).read((Prompt(text),), None))
    assert _same(ours, _stock_embeddings(stock(kind), text, None))


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl"])
def test_weights_one_and_minus_one_are_prompt_and_negative_prompt(
    reader: Callable[..., PromptReader], stock: Callable[[str], Any], kind: str
) -> None:
    """Bit for bit what the stock pipeline makes of them."""
    ours = _ours(reader(kind).read((Prompt("a red barn", 1), Prompt("people", -1)), None))
    assert _same(ours, _stock_embeddings(stock(kind), "a red barn", "people"))


def test_an_encoder_that_wants_a_mask_gets_it(reader: Callable[..., PromptReader], stock: Callable[[str], Any]) -> None:
    """Where the configuration asks for it, filling is masked as in the stock pipeline, and that makes a difference."""
    pipe = stock("sd1")
    plain = reader("sd1").read((Prompt("a cat"),), None)
    pipe.text_encoder.config.use_attention_mask = True
    try:
        masked = reader("sd1").read((Prompt("a cat"),), None)
        expected = _stock_embeddings(pipe, "a cat", None)
    finally:
        del pipe.text_encoder.config.use_attention_mask
    assert _same(_ours(masked), expected)
    assert not torch.equal(masked.positive, plain.positive)


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_weights_mix_embeddings(reader: Callable[..., PromptReader], kind: str) -> None:
    """Two prompts at 3 to 1 are three quarters of one and a quarter of the other, pooled ones alike."""
    both = reader(kind).read((Prompt("a cat", 3), Prompt("a dog", 1)), None)
    cat, dog = (reader(kind).read((Prompt(text),), None) for text in ("a cat", "a dog"))
    assert torch.allclose(both.positive, cat.positive * 0.75 + dog.positive * 0.25, atol=1e-6)
    if cat.pooled_positive is not None:
        assert both.pooled_positive is not None
        assert dog.pooled_positive is not None
        mixed = cat.pooled_positive * 0.75 + dog.pooled_positive * 0.25
        assert torch.allclose(both.pooled_positive, mixed, atol=1e-6)


def test_a_weak_negative_prompt_fades_into_the_empty_one(reader: Callable[..., PromptReader]) -> None:
    """At -0.25 the negative side is a quarter of the text and three quarters of nothing."""
    mixed = reader().read((Prompt("a cat"), Prompt("rain", -0.25)), None).negative
    full = reader().read((Prompt("a cat"), Prompt("rain", -1)), None).negative
    none = reader().read((Prompt("a cat"),), None).negative
    assert torch.allclose(mixed, full * 0.25 + none * 0.75, atol=1e-6)


def test_sdxl_fades_into_zeros(reader: Callable[..., PromptReader]) -> None:
    """Where the stock pipeline takes zeros for a missing negative prompt, so does a weak one in part."""
    mixed = reader("sdxl").read((Prompt("a cat"), Prompt("rain", -0.25)), None)
    full = reader("sdxl").read((Prompt("a cat"), Prompt("rain", -1)), None)
    assert torch.allclose(mixed.negative, full.negative * 0.25, atol=1e-6)
    assert mixed.pooled_negative is not None
    assert full.pooled_negative is not None
    assert torch.allclose(mixed.pooled_negative, full.pooled_negative * 0.25, atol=1e-6)


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_style_changes_both_sides(reader: Callable[..., PromptReader], kind: str, style: str) -> None:
    """A style is never without effect."""
    plain = reader(kind).read((Prompt("a cat"),), None)
    styled = reader(kind).read((Prompt("a cat"),), style)
    assert not torch.equal(plain.positive, styled.positive)
    assert not torch.equal(plain.negative, styled.negative)


def test_special_tokens_in_a_prompt_are_letters(reader: Callable[..., PromptReader]) -> None:
    """Nobody can end a prompt early by spelling the end mark."""
    cut = reader("sdxl").read((Prompt("a cat <|endoftext|> in the rain"),), None)
    other = reader("sdxl").read((Prompt("a cat <|endoftext|> in the snow"),), None)
    assert cut.pooled_positive is not None
    assert other.pooled_positive is not None
    assert not torch.equal(cut.pooled_positive, other.pooled_positive)


def test_half_a_surrogate_pair_is_read_as_a_question_mark(reader: Callable[..., PromptReader]) -> None:
    """A text that no encoding can hold does not fail."""
    broken = reader().read((Prompt("a\ud800b"),), None)
    assert torch.equal(broken.positive, reader().read((Prompt("a?b"),), None).positive)
