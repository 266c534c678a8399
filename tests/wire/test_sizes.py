"""Which sizes each kind of engine takes, for new pictures and for init images."""

from __future__ import annotations

import pytest

from tests.pictures import png
from tests.running import Client
from tests.wire.asking import every_version, image_to_image, masking, picture, text_to_image
from tests.wire.refusing import assert_error

V1_5, V1_6, V2_768 = "stable-diffusion-v1-5", "stable-diffusion-v1-6", "stable-diffusion-768-v2-1"
XL, XL_BETA = "stable-diffusion-xl-1024-v1-0", "stable-diffusion-xl-beta-v2-2-2"
SMALL = (
    "stable-diffusion-v1",
    "stable-diffusion-v1-5",
    "stable-diffusion-v1-6",
    "stable-diffusion-512-v2-0",
    "stable-diffusion-depth-v2-0",
    "stable-diffusion-512-v2-1",
    "stable-diffusion-xl-beta-v2-2-2",
    "stable-inpainting-v1-0",
    "stable-inpainting-512-v2-0",
)
LARGE = ("stable-diffusion-768-v2-0", "stable-diffusion-768-v2-1")
NINE = ((1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640), (640, 1536), (768, 1344), (832, 1216))

ALLOWED = [
    *((engine, 512, 512) for engine in SMALL),
    *((engine, 768, 768) for engine in LARGE),
    (V1_5, 128, 2048),
    (V1_5, 2048, 128),
    (V1_5, 1024, 1024),
    (V1_5, 1152, 896),
    (V1_6, 320, 320),
    (V1_6, 1536, 320),
    (V1_6, 1536, 1536),
    (XL_BETA, 512, 896),
    (XL_BETA, 896, 512),
    (XL_BETA, 128, 128),
    *((XL, *size) for size in (*NINE, (896, 1152))),
    ("stable-diffusion-xl-1024-v0-9", 1536, 640),
]
REFUSED = [
    (V1_5, 128, 128, "invalid_pixel_count"),
    (V1_5, 512, 448, "invalid_pixel_count"),
    (V1_5, 1024, 1088, "invalid_pixel_count"),
    (V2_768, 512, 512, "invalid_pixel_count"),
    (V2_768, 704, 768, "invalid_pixel_count"),
    (V2_768, 1088, 1024, "invalid_pixel_count"),
    (V1_6, 256, 1024, "invalid_height_or_width"),
    (V1_6, 1600, 512, "invalid_height_or_width"),
    (XL_BETA, 576, 576, "invalid_sdxl_v222_dimensions"),
    (XL_BETA, 512, 960, "invalid_sdxl_v222_dimensions"),
    (XL_BETA, 1024, 512, "invalid_sdxl_v222_dimensions"),
    (XL, 768, 768, "invalid_sdxl_v1_dimensions"),
    (XL, 1088, 1024, "invalid_sdxl_v1_dimensions"),
]


@pytest.mark.parametrize(("engine", "width", "height"), ALLOWED)
def test_size_that_is_taken(client: Client, engine: str, width: int, height: int) -> None:
    """The picture has exactly the size asked for."""
    assert picture(text_to_image(client, "v1", engine, width=width, height=height)).shape == (height, width, 3)


@every_version
@pytest.mark.parametrize(("engine", "width", "height", "name"), REFUSED)
def test_size_that_is_refused(client: Client, version: str, engine: str, width: int, height: int, name: str) -> None:
    """400 that ends in what was received."""
    answer = text_to_image(client, version, engine, width=width, height=height)

    body = assert_error(answer, version, 400, name)
    assert f"{width}x{height}" in body["message"]


@every_version
@pytest.mark.parametrize(("side", "other"), [("width", "height"), ("height", "width")])
def test_side_under_128(client: Client, version: str, side: str, other: str) -> None:
    """400 for every engine."""
    answer = text_to_image(client, version, V1_5, **{side: 64, other: 1024})

    assert_error(answer, version, 400, "bad_request")


@every_version
@pytest.mark.parametrize(("engine", "side"), [(V1_5, 512), (V1_6, 512), (XL_BETA, 512), (V2_768, 768), (XL, 1024)])
def test_sides_of_the_engine_unless_sent(client: Client, version: str, engine: str, side: int) -> None:
    """The documented 512 where the engine can draw it, else what the engine was made for."""
    assert picture(text_to_image(client, version, engine)).shape == (side, side, 3)


def test_the_side_that_is_not_sent_is_the_engines(client: Client) -> None:
    """One side alone is taken, the other is filled in."""
    assert picture(text_to_image(client, "v1", V1_5, width=640)).shape == (512, 640, 3)


@every_version
@pytest.mark.parametrize(
    ("engine", "size", "name"),
    [
        (V1_5, (500, 512), "invalid_image_dimensions"),
        (V1_5, (256, 256), "invalid_image_dimensions"),
        (V1_5, (64, 4096), "invalid_image_dimensions"),
        (V1_5, (1024, 1088), "invalid_image_dimensions"),
        (V2_768, (512, 512), "invalid_image_dimensions"),
        (V1_6, (256, 1024), "invalid_image_dimensions"),
        (V1_6, (1600, 320), "invalid_image_dimensions"),
        (XL, (512, 512), "invalid_sdxl_v1_dimensions"),
        (XL, (1000, 1000), "invalid_sdxl_v1_dimensions"),
        (XL_BETA, (576, 576), "invalid_sdxl_v222_dimensions"),
        (XL_BETA, (500, 500), "invalid_image_dimensions"),
    ],
)
def test_init_image_obeys_the_rules_of_the_engine(
    client: Client, version: str, engine: str, size: tuple[int, int], name: str
) -> None:
    """It is never resized; both tasks refuse it and say what was received."""
    init = png(*size)
    for answer in (
        image_to_image(client, version, init, engine),
        masking(client, version, init, init, "MASK_IMAGE_WHITE", engine),
    ):
        body = assert_error(answer, version, 400, name)
        assert f"{size[0]}x{size[1]}" in body["message"]


@every_version
def test_picture_that_would_be_too_large_to_decode(client: Client, version: str) -> None:
    """A decompression bomb is refused by its header, with both numbers."""
    bomb = png(8, 8).replace((8).to_bytes(4, "big") * 2, (60_000).to_bytes(4, "big") * 2)

    body = assert_error(image_to_image(client, version, bomb), version, 400, "invalid_pixel_count")
    assert "3600000000" in body["message"]
