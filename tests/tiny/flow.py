"""Tiny models of Stable Diffusion 3's kind: a transformer that reads two encoders of CLIP's kind, and T5 or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from tokenizers.pre_tokenizers import ByteLevel
from transformers import T5Config, T5EncoderModel, T5TokenizerFast

from tests.tiny import text
from tests.tiny.painting import vae

CHANNELS = 16
FIRST, SECOND, T5_WIDTH = 16, 24, 48
POOLED = 16, 20
SCALING, SHIFT = 1.5305, 0.0609
SPACE = "\u2581"


def _sd3(folder: Path) -> None:
    _save(folder, FlowMatchEulerDiscreteScheduler(shift=3.0), with_t5=True)


def _sd3_without_t5(folder: Path) -> None:
    _save(folder, FlowMatchEulerDiscreteScheduler(shift=3.0), with_t5=False)


def _sd35(folder: Path) -> None:
    """As 3.5: normed queries and keys, a second attention, and here a schedule that depends on the picture's size."""
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_shift=0.6, max_shift=1.6)
    _save(folder, scheduler, with_t5=True, qk_norm="rms_norm", dual_attention_layers=(0,))


def _save(folder: Path, scheduler: FlowMatchEulerDiscreteScheduler, *, with_t5: bool, **options: object) -> None:
    StableDiffusion3Pipeline(
        transformer=transformer(**options),
        vae=vae(
            scaling=SCALING,
            latent_channels=CHANNELS,
            shift_factor=SHIFT,
            use_quant_conv=False,
            use_post_quant_conv=False,
            force_upcast=True,
            mid_block_add_attention=False,
        ),
        text_encoder=text.projecting_encoder(FIRST, POOLED[0]),
        tokenizer=text.tokenizer(),
        text_encoder_2=text.projecting_encoder(SECOND, POOLED[1]),
        tokenizer_2=text.tokenizer(pad="!"),
        text_encoder_3=t5() if with_t5 else None,
        tokenizer_3=t5_tokenizer() if with_t5 else None,
        scheduler=scheduler,
    ).save_pretrained(folder)


def transformer(**options: object) -> SD3Transformer2DModel:
    """Two layers, in which the prompt makes a difference."""
    model = SD3Transformer2DModel(
        **{
            "sample_size": 32,
            "in_channels": CHANNELS,
            "out_channels": CHANNELS,
            "num_layers": 2,
            "attention_head_dim": 8,
            "num_attention_heads": 2,
            "joint_attention_dim": T5_WIDTH,
            "caption_projection_dim": 16,
            "pooled_projection_dim": sum(POOLED),
            "pos_embed_max_size": 96,
            **options,
        }
    )
    _enliven(model)
    return model.eval()


@torch.no_grad()
def _enliven(model: SD3Transformer2DModel) -> None:
    """Enlarge what texts and latents add, and the answer to about the size of what is asked for."""
    for name, weight in model.named_parameters():
        if weight.ndim > 1:
            weight.mul_(1.5 if name.startswith("proj_out") else 2)


def t5() -> T5EncoderModel:
    """One layer."""
    config = T5Config(
        vocab_size=len(t5_tokenizer()),
        d_model=T5_WIDTH,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
    )
    return text.enlivened(T5EncoderModel(config))


def t5_tokenizer() -> T5TokenizerFast:
    """One token per letter."""
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), (SPACE, -2.0)]
    letters = [(letter, -3.0) for letter in sorted(ByteLevel.alphabet())]
    return T5TokenizerFast(vocab=special + letters, extra_ids=0, model_max_length=512)


KINDS: Mapping[str, Callable[[Path], None]] = {"sd3": _sd3, "sd3-no-t5": _sd3_without_t5, "sd3.5": _sd35}
