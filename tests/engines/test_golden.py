"""Digests of finished pictures: the same request is the same bytes on every machine and in every version.

A failure here after an upgrade of numpy or Pillow means that pictures have changed for everybody who
compares them. If a change is meant, the digests are replaced with those that the failing test reports.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np
import pytest

from engines import codec
from engines.registry import Registry
from engines.types import GenerationRequest, Pixels, Prompt, Sampler, Task

Order = Callable[..., GenerationRequest]
Photo = Callable[[int, int], Pixels]

_XL = "stable-diffusion-xl-1024-v1-0"
_WORDS = "cat fox castle boat house cactus flowers balloon birds rocket planet windmill tree knight city mountain"

_GOLDEN: dict[str, tuple[dict[str, object], str]] = {
    "plain": ({}, "1e7e7be52678da1dde2452f9"),
    "large": ({"engine_id": _XL, "width": 1024, "height": 1024}, "dcd5644aed09a6007c0043f6"),
    "wide": ({"engine_id": _XL, "width": 1536, "height": 640, "style": "cinematic"}, "296d06bf185bf9c8d9f992d7"),
    "night": ({"prompts": (Prompt("city at night"),), "seed": 4_294_967_295}, "7a22962239a6e2a591b6485f"),
    "words": ({"prompts": (Prompt(_WORDS, 0.7), Prompt("purple", -0.5)), "steps": 150}, "3813e437da9064b7e16b10f0"),
    "other letters": ({"prompts": (Prompt("日本 café \ud800"),), "cfg_scale": 35.0}, "99ff67c1fd79e7ab264f0801"),
    "sampler": ({"sampler": Sampler.DDPM, "guidance": "SLOWEST", "steps": 10}, "f4128afc528d7ab4286b89db"),
    "ancestral": ({"sampler": Sampler.K_DPM_2_ANCESTRAL, "cfg_scale": 0.0}, "6ba0ffc45b79add4dc9eaee8"),
    "redrawn": (
        {"task": Task.IMAGE_TO_IMAGE, "schedule_start": 0.65, "schedule_end": 0.01},
        "ff7dbad89193f8d167641874",
    ),
    "masked": ({"task": Task.MASKING}, "4f9115b917bb33dbb8d768b5"),
    "upscaled": (
        {"task": Task.UPSCALE, "engine_id": "esrgan-v1-x2plus", "width": 192, "height": 128},
        "d4dc69db6cf6a4bcb9659257",
    ),
    "upscaled with words": (
        {"task": Task.UPSCALE, "engine_id": "stable-diffusion-x4-latent-upscaler", "width": 384, "height": 256},
        "34e9ba4074481cdb50996c5c",
    ),
    "enhance": ({"style": "enhance"}, "cff73a70252af68e589d63d7"),
    "anime": ({"style": "anime"}, "bbf384a0112f8743a7e68bae"),
    "photographic": ({"style": "photographic"}, "5404b41e85e0be28e3cd5e60"),
    "digital-art": ({"style": "digital-art"}, "cf83b2d080e5ce7e97a3e8bc"),
    "comic-book": ({"style": "comic-book"}, "81b5b72ba537a04b359c38ca"),
    "fantasy-art": ({"style": "fantasy-art"}, "c005a40468e9eace0e45f480"),
    "line-art": ({"style": "line-art"}, "78dd18774b463097710c610f"),
    "analog-film": ({"style": "analog-film"}, "7c5d5cba7a9a630c6d43e73b"),
    "neon-punk": ({"style": "neon-punk"}, "0e04cc4812c3491afb02df52"),
    "isometric": ({"style": "isometric"}, "d4e544000a1a41e73dd3a5da"),
    "low-poly": ({"style": "low-poly"}, "b7314994e2776f1d19dd9d6b"),
    "origami": ({"style": "origami"}, "9ec8b68bffeda864f6199227"),
    "modeling-compound": ({"style": "modeling-compound"}, "35615a520fbe27484fcbe999"),
    "3d-model": ({"style": "3d-model"}, "3f63852e2113bb3b62db8b00"),
    "pixel-art": ({"style": "pixel-art"}, "84830dee380dfe9038e27247"),
    "tile-texture": ({"style": "tile-texture"}, "52aa821d7fb08b6c3dc1a107"),
}


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()


def _request(order: Order, photo: Photo, changes: dict[str, object]) -> GenerationRequest:
    """The request of a golden entry; ``init`` and ``mask`` are made where the task needs them."""
    task = changes.get("task")
    mask = (np.arange(512 * 512) % 256).astype(np.uint8).reshape(512, 512) if task is Task.MASKING else None
    sizes = {Task.IMAGE_TO_IMAGE: (512, 512), Task.MASKING: (512, 512), Task.UPSCALE: (96, 64)}
    init = photo(*sizes[task]) if isinstance(task, Task) else None
    return order(**changes, init=init, mask=mask)


@pytest.mark.parametrize("name", _GOLDEN)
def test_a_picture_is_the_same_everywhere(registry: Registry, order: Order, photo: Photo, name: str) -> None:
    """The pixels of this request have not changed since they were first drawn."""
    changes, golden = _GOLDEN[name]
    (picture,) = registry.submit(_request(order, photo, changes)).result()
    assert _digest(picture.pixels.tobytes()) == golden


def test_png_bytes_are_the_same_everywhere(registry: Registry, order: Order) -> None:
    """Not only the pixels but the file is the same, byte for byte."""
    (picture,) = registry.submit(order()).result()
    assert _digest(codec.encode_png(picture.pixels)) == "5f3d1876da6ef5fdf9fd9f31"


def test_blurred_pictures_are_the_same_everywhere(photo: Photo) -> None:
    """The blur of filtered pictures is part of what clients may compare."""
    assert _digest(codec.blur(photo(512, 512)).tobytes()) == "98e5c8891cc317434d5cc309"


def test_the_same_request_twice_is_the_same_picture(registry: Registry, order: Order) -> None:
    """Nothing is left over from one request to the next."""
    first, second = (registry.submit(order(samples=2)).result() for _ in range(2))
    assert all(np.array_equal(one.pixels, two.pixels) for one, two in zip(first, second, strict=True))
