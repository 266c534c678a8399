"""Tiny UNets and VAEs: the real architectures with few channels, and weights that give lively pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

CHANNELS = (8, 16, 16)
LATENTS = 4
PASSING = 1.0
"""How much of a noise prediction is the model's own input: an ideal model of pure noise answers just that."""


def unet(context: int, inputs: int = LATENTS, *, predicts_noise: bool = True, **options: Any) -> UNet2DConditionModel:
    """A UNet of three levels with attention in the deepest only; ``context`` is the width of its text embeddings."""
    model = UNet2DConditionModel(
        **{
            "sample_size": 64,
            "in_channels": inputs,
            "out_channels": LATENTS,
            "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
            "block_out_channels": CHANNELS,
            "layers_per_block": 1,
            "norm_num_groups": 4,
            "cross_attention_dim": context,
            "attention_head_dim": 2,
            **options,
        }
    )
    _listen(model)
    _aim(model, PASSING if predicts_noise else 0.0)
    return model.eval()


@torch.no_grad()
def _listen(model: UNet2DConditionModel) -> None:
    """Enlarge what attention adds, or the prompt would drown."""
    for name, weight in model.named_parameters():
        if "attn2" in name and weight.ndim > 1:
            weight.mul_(3)


@torch.no_grad()
def _aim(model: UNet2DConditionModel, passing: float) -> None:
    """Lead the latents past everything else to the end, as pairs of x and -x, whose difference survives SiLU."""
    model.conv_in.weight[:, :LATENTS].mul_(0.1)
    shortcut = model.up_blocks[-1].resnets[-1].conv_shortcut.weight
    shortcut[:, -CHANNELS[0] :] = 0
    model.conv_out.weight.mul_(0.4)
    for latent in range(LATENTS):
        for pair, sign in ((2 * latent, 1.0), (2 * latent + 1, -1.0)):
            model.conv_in.weight[pair, latent, 1, 1] += sign
            shortcut[pair, pair - CHANNELS[0], 0, 0] = 1
            model.conv_out.weight[latent, pair, 1, 1] += sign * passing


def vae(factor: int = 8, scaling: float = 0.18215, **options: Any) -> AutoencoderKL:
    """A VAE whose latents, times ``scaling``, are about one in size, and whose pictures use the middle of the range."""
    levels = int(math.log2(factor)) + 1
    model = AutoencoderKL(
        **{
            "sample_size": 64 * factor,
            "block_out_channels": (4,) * (levels - 1) + (8,),
            "down_block_types": ("DownEncoderBlock2D",) * levels,
            "up_block_types": ("UpDecoderBlock2D",) * levels,
            "layers_per_block": 1,
            "latent_channels": LATENTS,
            "norm_num_groups": 2,
            "scaling_factor": scaling,
            **options,
        }
    ).eval()
    _calibrate(model, factor, scaling)
    return model


@torch.no_grad()
def _calibrate(model: AutoencoderKL, factor: int, scaling: float) -> None:
    """Fix sizes of latents and pictures by trying; the spread of the encoder's own noise is made small."""
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 8, 8) * 2 - 1, scale_factor=2 * factor)
    latents = model.encode(picture).latent_dist.mean
    channels, shift = latents.shape[1], model.config.shift_factor or 0.0
    last = model.quant_conv or model.encoder.conv_out
    _normalize(last, latents, 1 / scaling, range(channels))
    last.bias[:channels] += shift
    last.weight[channels:] = 0
    last.bias[channels:] = -4
    decoded = model.decode(torch.randn(1, channels, 16, 16) / scaling + shift).sample
    _normalize(model.decoder.conv_out, decoded, 0.35, range(3))


def _normalize(layer: torch.nn.Conv2d, answer: torch.Tensor, spread: float, channels: Sequence[int]) -> None:
    """Change the layer so that what it answered had mean 0 and the given standard deviation in each channel."""
    for channel in channels:
        gain = spread / answer[0, channel].std()
        layer.weight[channel] *= gain
        layer.bias[channel] = (layer.bias[channel] - answer[0, channel].mean()) * gain
