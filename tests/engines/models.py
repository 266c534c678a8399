"""Hand-made model folders: right names, meaningless contents, no two alike, since the Hub keeps equal files once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

COMPONENTS = {
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "safety_checker": [None, None],
}
INDEX = json.dumps({"_class_name": "StableDiffusionPipeline", **COMPONENTS}).encode()
CONFIGURATION = {
    "model_index.json": INDEX,
    "unet/config.json": b'{"of": "unet"}',
    "vae/config.json": b'{"of": "vae"}',
    "text_encoder/config.json": b'{"of": "text"}',
    "tokenizer/vocab.json": b'{"of": "tokenizer"}',
    "tokenizer/merges.txt": b"#version: 0.2",
    "scheduler/scheduler_config.json": b'{"of": "scheduler"}',
}
WEIGHTS = {
    "unet/diffusion_pytorch_model.safetensors": b"unet" * 100,
    "vae/diffusion_pytorch_model.safetensors": b"vae!" * 50,
    "text_encoder/model.safetensors": b"text" * 25,
}
HALF = {
    "unet/diffusion_pytorch_model.fp16.safetensors": b"unet" * 50,
    "vae/diffusion_pytorch_model.fp16.safetensors": b"vae!" * 25,
}
PICKLED = {
    "unet/diffusion_pytorch_model.bin": b"unet" * 100,
    "vae/diffusion_pytorch_model.bin": b"vae!" * 50,
    "text_encoder/pytorch_model.bin": b"text" * 25,
}
MODEL = {**CONFIGURATION, **WEIGHTS}
CLIP = {"config.json": b'{"of": "clip"}', "preprocessor_config.json": b"{}", "model.safetensors": b"clip" * 30}


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files of a model into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
