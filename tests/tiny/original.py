"""The tiny SD 1 as one file, named as the first code for Stable Diffusion named its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

Weights = dict[str, torch.Tensor]

LAYERS = 1
LEVELS = 4
"""Levels of the VAE; its decoder counts them from the other end."""

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def save_original(path: Path, folder: Path) -> Path:
    """Save the tiny SD 1 that lies in ``folder`` as one file; the path is given back."""
    diffused = "diffusion_pytorch_model.safetensors"
    painter = load_file(folder / "unet" / diffused)
    vae = load_file(folder / "vae" / diffused)
    encoder = load_file(folder / "text_encoder" / "model.safetensors")
    weights: Weights = {f"model.diffusion_model.{_in_unet(name)}": value for name, value in painter.items()}
    weights |= {f"first_stage_model.{_in_vae(name)}": _as_convolution(name, value) for name, value in vae.items()}
    weights |= {f"cond_stage_model.transformer.text_model.{name}": value for name, value in encoder.items()}
    save_file({name: value.contiguous() for name, value in weights.items()}, path)
    return path


def _in_unet(name: str) -> str:
    """Blocks are counted through all levels, and a change of size counts as a block, or as the end of one."""
    found = re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", name)
    if not found:
        return _in_middle(name)
    way, level, what, layer, rest = found.groups()
    first = int(level) * (LAYERS + 1) + (way == "down")
    if what == "downsamplers":
        return f"input_blocks.{first + LAYERS}.0.{rest.replace('conv', 'op')}"
    if what == "upsamplers":
        return f"output_blocks.{first + LAYERS}.{2 if level == '0' else 1}.{rest}"
    side = "input" if way == "down" else "output"
    inner = _renamed(rest, RESNET) if what == "resnets" else rest
    return f"{side}_blocks.{first + int(layer)}.{int(what == 'attentions')}.{inner}"


def _in_middle(name: str) -> str:
    if not name.startswith("mid_block"):
        return _renamed(name, ENDS)
    _, what, layer, rest = name.split(".", 3)
    if what == "attentions":
        return f"middle_block.1.{rest}"
    return f"middle_block.{2 * int(layer)}.{_renamed(rest, RESNET)}"


def _in_vae(name: str) -> str:
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets", lambda m: f"up.{LEVELS - 1 - int(m[1])}.block", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{LEVELS - 1 - int(m[1])}.upsample", name)
    if "attentions" in name:
        side, rest = name.split(".mid_block.attentions.0.")
        return f"{side}.mid.attn_1.{_renamed(rest, ATTENTION)}"
    return name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")


def _as_convolution(name: str, value: torch.Tensor) -> torch.Tensor:
    """Where diffusers has a matrix in the VAE's attention, the first code had a convolution of one pixel."""
    return value[:, :, None, None] if "attentions" in name and value.ndim == 2 else value


def _renamed(name: str, names: Mapping[str, str]) -> str:
    """Exchange everything before the last dot."""
    module, _, parameter = name.rpartition(".")
    return f"{names[module]}.{parameter}"
