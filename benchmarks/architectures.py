"""The published architectures in full size, and tiny ones of the same kinds, filled with random numbers.

They are built where they will run and in the precision they will run in, so that no second copy is ever held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from engines.loading.device import Device
from engines.upscale.rrdbnet import RRDBNet

TOKENS, ROW = 49408, 77
"""The vocabulary of CLIP, whose last two entries begin and end a row, and the length of a row."""
START, END = "<|startoftext|>", "<|endoftext|>"
TIME_IDS = 6
SCHEDULER: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
"""The noise schedule that SD 1.5 and SDXL were trained with."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A Stable Diffusion model as the arguments of its components; ``side`` is that of its pictures in pixels."""

    name: str
    engine_id: str
    side: int
    unet: Mapping[str, Any]
    encoders: tuple[Mapping[str, Any], ...]
    vae: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """What ours and the stock pipeline share. Any: diffusers and transformers are untyped."""

    unet: Any
    vae: Any
    text_encoders: tuple[Any, ...]
    tokenizers: tuple[Any, ...]

    @property
    def parameters(self) -> int:
        """How many numbers the models hold."""
        models = (self.unet, self.vae, *self.text_encoders)
        return sum(weight.numel() for model in models for weight in model.parameters())


CLIP_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
CLIP_G = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20}
VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
}
SD15 = Architecture(
    "SD 1.5",
    "stable-diffusion-v1-6",
    512,
    {
        "sample_size": 64,
        "block_out_channels": (320, 640, 1280, 1280),
        "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
        "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
        "attention_head_dim": 8,
        "cross_attention_dim": 768,
    },
    ({**CLIP_L, "hidden_act": "quick_gelu"},),
    {**VAE, "scaling_factor": 0.18215},
)
SDXL = Architecture(
    "SDXL",
    "stable-diffusion-xl-1024-v1-0",
    1024,
    {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", *("CrossAttnDownBlock2D",) * 2),
        "up_block_types": (*("CrossAttnUpBlock2D",) * 2, "UpBlock2D"),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": TIME_IDS * 256 + 1280,
    },
    ({**CLIP_L, "hidden_act": "quick_gelu"}, {**CLIP_G, "hidden_act": "gelu", "projection_dim": 1280}),
    {**VAE, "scaling_factor": 0.13025, "sample_size": 1024, "force_upcast": True},
)
RRDBNET = {"features": 64, "blocks": 23, "growth": 32, "fold": 2}
"""Real-ESRGAN x2plus."""

_SMALL_CLIP = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_SMALL_UNET = {"layers_per_block": 1, "attention_head_dim": 4}
_SMALL_VAE = {"block_out_channels": (32, 32, 32, 32), "layers_per_block": 1}
TINY_SD15 = Architecture(
    "tiny SD",
    SD15.engine_id,
    64,
    {**SD15.unet, **_SMALL_UNET, "block_out_channels": (32, 32, 64, 64), "cross_attention_dim": 32},
    ({**SD15.encoders[0], **_SMALL_CLIP},),
    {**SD15.vae, **_SMALL_VAE},
)
TINY_SDXL = Architecture(
    "tiny SDXL",
    SDXL.engine_id,
    64,
    {
        **SDXL.unet,
        **_SMALL_UNET,
        "block_out_channels": (32, 32, 64),
        "transformer_layers_per_block": (1, 1, 2),
        "cross_attention_dim": 64,
        "projection_class_embeddings_input_dim": TIME_IDS * 256 + 16,
    },
    ({**SDXL.encoders[0], **_SMALL_CLIP}, {**SDXL.encoders[1], **_SMALL_CLIP, "projection_dim": 16}),
    {**SDXL.vae, **_SMALL_VAE},
)
TINY_RRDBNET = {"features": 8, "blocks": 1, "growth": 4, "fold": 2}


def build(architecture: Architecture, device: Device, dtype: torch.dtype) -> Components:
    """The components, always with the same weights, which differ from device to device."""
    with _on(device, dtype):
        unet = UNet2DConditionModel(**architecture.unet)
        vae = AutoencoderKL(**architecture.vae)
        encoders = [_encoder(arguments) for arguments in architecture.encoders]
    # SDXL's second encoder fills rows up with "!" instead of the end mark.
    tokenizers = [_tokenizer(pad) for pad in (END, "!")[: len(encoders)]]
    placed = Components(
        device.place(unet, dtype),
        device.place(vae, dtype),
        tuple(device.place(encoder, dtype) for encoder in encoders),
        tuple(tokenizers),
    )
    if device.torch.type != "meta":
        _enliven(placed, device, dtype)
    return placed


def build_upscaler(arguments: Mapping[str, int], device: Device, dtype: torch.dtype) -> Any:
    """An ``RRDBNet`` laid out as our upscaler lays it out. Any: torch's ``to`` does not declare memory formats."""
    with _on(device, dtype):
        network: Any = RRDBNet(**arguments)
    network.requires_grad_(False).eval().to(memory_format=torch.channels_last)
    if device.torch.type != "meta":
        with torch.no_grad(), _on(device, dtype):
            _spread(network.conv_last, network(torch.rand(1, 3, 32, 32)), 0.25, centre=0.5)
    return network


@contextmanager
def _on(device: Device, dtype: torch.dtype) -> Iterator[None]:
    """Everything that is made inside lies on this device in this precision; random numbers start anew."""
    before = torch.get_default_dtype()
    torch.manual_seed(1)
    torch.set_default_dtype(dtype)
    try:
        with device.torch:
            yield
    finally:
        torch.set_default_dtype(before)


@torch.no_grad()
def _enliven(parts: Components, device: Device, dtype: torch.dtype) -> None:
    """Let the UNet predict numbers of the size of noise, and the VAE paint in half of the range.

    As the libraries initialize them, both answer next to nothing, and any two pictures would be the same grey.
    """
    with _on(device, dtype):
        read = parts.unet.config
        added = None
        if read.addition_embed_type:
            width = read.projection_class_embeddings_input_dim - TIME_IDS * read.addition_time_embed_dim
            added = {"text_embeds": torch.randn(1, width), "time_ids": torch.ones(1, TIME_IDS)}
        latents, text = torch.randn(1, 4, 16, 16), torch.randn(1, ROW, read.cross_attention_dim)
        answer = parts.unet(latents, 500, encoder_hidden_states=text, added_cond_kwargs=added).sample
        _spread(parts.unet.conv_out, answer, 1.0)
        # What is left after the last step still has the size of the noise that the first step began with.
        painted = parts.vae.decode(torch.randn(1, 4, 16, 16) * 15 / parts.vae.config.scaling_factor).sample
        _spread(parts.vae.decoder.conv_out, painted, 0.5)


def _spread(layer: Any, answer: torch.Tensor, deviation: float, centre: float = 0.0) -> None:
    """Change the last layer so that what it answered had this mean and standard deviation."""
    gain = deviation / answer.float().std()
    layer.weight *= gain
    layer.bias.copy_((layer.bias - answer.float().mean()) * gain + centre)


def _encoder(arguments: Mapping[str, Any]) -> Any:
    config = CLIPTextConfig(
        vocab_size=TOKENS,
        max_position_embeddings=ROW,
        bos_token_id=TOKENS - 2,
        eos_token_id=TOKENS - 1,
        pad_token_id=TOKENS - 1,
        **arguments,
    )
    return CLIPTextModelWithProjection(config) if "projection_dim" in arguments else CLIPTextModel(config)


def _tokenizer(pad: str) -> Any:
    """One token for each byte of a text, the two ends where CLIP has them, and nothing of use between them."""
    alphabet = sorted(ByteLevel.alphabet())
    letters = [*alphabet, *(letter + "</w>" for letter in alphabet)]
    unused = [f"unused {number}" for number in range(TOKENS - len(letters) - 2)]
    vocabulary = {word: number for number, word in enumerate([*letters, *unused, START, END])}
    return CLIPTokenizer(vocab=vocabulary, merges=[], pad_token=pad, model_max_length=ROW)
