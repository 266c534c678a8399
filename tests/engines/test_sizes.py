"""Sizes that engines take and refuse, at the borders."""

from __future__ import annotations

import pytest

from engines.catalog import CARDS
from engines.errors import (
    OutsideBox,
    PixelsOutOfRange,
    SideOutOfRange,
    SizeNotListed,
    SizeNotMultiple,
    SizeRefused,
)
from engines.sizes import SizeRule


def _sizes(engine_id: str) -> SizeRule:
    return next(card for card in CARDS if card.id == engine_id).sizes


@pytest.mark.parametrize(
    ("engine_id", "width", "height"),
    [
        ("stable-diffusion-v1-5", 512, 512),
        ("stable-diffusion-v1-5", 128, 2048),
        ("stable-diffusion-v1-5", 8192, 128),
        ("stable-diffusion-v1-5", 1024, 1024),
        ("stable-diffusion-768-v2-1", 768, 768),
        ("stable-diffusion-v1-6", 320, 832),
        ("stable-diffusion-v1-6", 1536, 640),
        ("stable-diffusion-xl-1024-v1-0", 1344, 768),
        ("stable-diffusion-xl-1024-v0-9", 896, 1152),
        ("stable-diffusion-xl-beta-v2-2-2", 512, 896),
        ("stable-diffusion-xl-beta-v2-2-2", 896, 512),
        ("stable-diffusion-xl-beta-v2-2-2", 128, 128),
        ("esrgan-v1-x2plus", 2048, 2048),
        ("stable-diffusion-x4-latent-upscaler", 3072, 2048),
    ],
)
def test_sizes_up_to_the_border_are_taken(engine_id: str, width: int, height: int) -> None:
    """The largest and smallest sizes that the service took are taken."""
    _sizes(engine_id).check(width, height)


@pytest.mark.parametrize(
    ("engine_id", "width", "height", "error"),
    [
        ("stable-diffusion-v1-5", 512, 511, SizeNotMultiple),
        ("stable-diffusion-v1-5", 450, 672, SizeNotMultiple),
        ("stable-diffusion-v1-5", 448, 512, PixelsOutOfRange),
        ("stable-diffusion-v1-5", 1024, 1088, PixelsOutOfRange),
        ("stable-diffusion-v1-5", 64, 4096, SideOutOfRange),
        ("stable-diffusion-v1-5", 0, 0, SideOutOfRange),
        ("stable-diffusion-768-v2-1", 512, 1088, PixelsOutOfRange),
        ("stable-diffusion-v1-6", 256, 1024, SideOutOfRange),
        ("stable-diffusion-v1-6", 1600, 320, SideOutOfRange),
        ("stable-diffusion-xl-1024-v1-0", 512, 512, SizeNotListed),
        ("stable-diffusion-xl-1024-v1-0", 1152, 832, SizeNotListed),
        ("stable-diffusion-xl-beta-v2-2-2", 576, 576, OutsideBox),
        ("stable-diffusion-xl-beta-v2-2-2", 512, 960, OutsideBox),
        ("stable-diffusion-xl-beta-v2-2-2", 64, 512, OutsideBox),
        ("stable-diffusion-xl-beta-v2-2-2", 500, 512, SizeNotMultiple),
        ("esrgan-v1-x2plus", 2048, 2049, PixelsOutOfRange),
        ("stable-diffusion-x4-latent-upscaler", 3072, 2049, PixelsOutOfRange),
    ],
)
def test_sizes_beyond_the_border_are_refused(engine_id: str, width: int, height: int, error: type[SizeRefused]) -> None:
    """One step too far is refused with the reason and with the size that was sent."""
    with pytest.raises(error) as refused:
        _sizes(engine_id).check(width, height)
    assert type(refused.value) is error
    assert (refused.value.width, refused.value.height) == (width, height)


def test_the_listed_sizes_keep_the_order_of_the_services_message() -> None:
    """The refusal can list the nine sizes exactly as the service did."""
    with pytest.raises(SizeNotListed) as refused:
        _sizes("stable-diffusion-xl-1024-v1-0").check(450, 672)
    assert ", ".join(f"{width}x{height}" for width, height in refused.value.allowed) == (
        "1024x1024, 1152x896, 1216x832, 1344x768, 1536x640, 640x1536, 768x1344, 832x1216, 896x1152"
    )
