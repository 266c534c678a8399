"""Masks: which pixels are made anew, and that all others are left alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.pictures import pixels, png
from tests.running import Client
from tests.wire.asking import ENGINE, every_version, masking, newer_versions, path, picture, text_to_image
from tests.wire.refusing import assert_error

INIT = png()
BLACK, WHITE, ALPHA = "MASK_IMAGE_BLACK", "MASK_IMAGE_WHITE", "INIT_IMAGE_ALPHA"
GENERAL = ("stable-diffusion-v1-5", "stable-diffusion-v1-6", "stable-inpainting-512-v2-0", "stable-inpainting-v1-0")


def saved(image: Image.Image, form: str = "PNG") -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    image.save(buffer, form, **({"quality": 100} if form == "JPEG" else {}))
    return buffer.getvalue()


def halves(left: int = 0, right: int = 255, width: int = 512, height: int = 512) -> Image.Image:
    """A mask of two greys, side by side."""
    values = np.full((height, width), left, np.uint8)
    values[:, width // 2 :] = right
    return Image.fromarray(values, "L")


def with_alpha(mask: Image.Image) -> bytes:
    """The init image with this transparency."""
    image = Image.open(io.BytesIO(INIT)).convert("RGBA")
    image.putalpha(mask)
    return saved(image)


def changed(client: Client, version: str, init: bytes, mask: bytes | None, source: str) -> np.ndarray:
    """Where the answer differs from the init image: height x width."""
    difference = picture(masking(client, version, init, mask, source)) != pixels(INIT)
    return np.asarray(difference.any(axis=2))


@every_version
def test_black_is_replaced(client: Client, version: str) -> None:
    """``MASK_IMAGE_BLACK``: the black half is new, the white half is as it was, bit for bit."""
    there = changed(client, version, INIT, saved(halves()), BLACK)

    assert there[:, :256].mean() > 0.9
    assert not there[:, 256:].any()


@every_version
def test_white_is_replaced(client: Client, version: str) -> None:
    """``MASK_IMAGE_WHITE``: the other way round."""
    there = changed(client, version, INIT, saved(halves()), WHITE)

    assert not there[:, :256].any()
    assert there[:, 256:].mean() > 0.9


@every_version
def test_transparent_is_replaced(client: Client, version: str) -> None:
    """``INIT_IMAGE_ALPHA``: where the init image is transparent, without any mask image."""
    there = changed(client, version, with_alpha(halves()), None, ALPHA)

    assert there[:, :256].mean() > 0.9
    assert not there[:, 256:].any()


@every_version
def test_alpha_equals_black_with_the_same_mask(client: Client, version: str) -> None:
    """Alpha 0 means what black means."""
    by_alpha = masking(client, version, with_alpha(halves()), None, ALPHA)

    assert by_alpha.content == masking(client, version, INIT, saved(halves()), BLACK).content


@every_version
@pytest.mark.parametrize("mask", [b"no picture", png(64, 64), saved(halves(255, 0))])
def test_alpha_ignores_the_mask_image(client: Client, version: str, mask: bytes) -> None:
    """Whatever it is."""
    answer = masking(client, version, with_alpha(halves()), mask, ALPHA)

    assert answer.content == masking(client, version, with_alpha(halves()), None, ALPHA).content


@every_version
def test_init_image_without_alpha_is_left_as_it_is(client: Client, version: str) -> None:
    """Nothing is transparent, so nothing is replaced."""
    assert not changed(client, version, INIT, None, ALPHA).any()


@every_version
def test_masks_of_one_colour(client: Client, version: str) -> None:
    """All white keeps everything under ``MASK_IMAGE_BLACK``; all black makes the whole picture anew."""
    nothing = changed(client, version, INIT, saved(halves(255, 255)), BLACK)
    everything = masking(client, version, INIT, saved(halves(0, 0)), BLACK)

    assert not nothing.any()
    assert (picture(everything) == picture(text_to_image(client, version))).all()


@every_version
@pytest.mark.parametrize("grey", [32, 128, 224])
@pytest.mark.parametrize("source", [WHITE, BLACK])
def test_grey_is_replaced_in_proportion(client: Client, version: str, grey: int, source: str) -> None:
    """Linear between the init image and the new one, to the nearest value."""
    mask = saved(halves(grey, grey))
    new = picture(masking(client, version, INIT, saved(halves(255, 255)), WHITE))
    answer = picture(masking(client, version, INIT, mask, source))

    share = (grey if source == WHITE else 255 - grey) / 255
    expected = pixels(INIT) + (new - pixels(INIT)) * share
    assert np.abs(answer - expected).max() <= 1


@every_version
def test_a_blurred_edge_is_smooth(client: Client, version: str) -> None:
    """A gradient in the mask changes more and more; its ends change all and nothing."""
    ramp = np.tile(np.linspace(0, 255, 512).round().astype(np.uint8), (512, 1))
    new = picture(masking(client, version, INIT, saved(halves(255, 255)), WHITE))
    answer = picture(masking(client, version, INIT, saved(Image.fromarray(ramp, "L")), WHITE))

    expected = pixels(INIT) + (new - pixels(INIT)) * (ramp[:, :, None] / 255)
    assert np.abs(answer - expected).max() <= 1


@every_version
@pytest.mark.parametrize("source", [WHITE, BLACK])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "LA"])
def test_masks_of_many_kinds(client: Client, version: str, mode: str, source: str) -> None:
    """Grey, colour, palette, one bit, with an opaque alpha: the brightness counts."""
    answer = masking(client, version, INIT, saved(halves().convert(mode)), source)

    assert answer.content == masking(client, version, INIT, saved(halves()), source).content


@every_version
@pytest.mark.parametrize(
    ("colour", "grey"), [((255, 0, 0), 76), ((0, 255, 0), 150), ((0, 0, 255), 29), ((255, 255, 0), 226)]
)
def test_coloured_masks_count_by_how_bright_they_look(
    client: Client, version: str, colour: tuple[int, int, int], grey: int
) -> None:
    """Green is brighter than red, and red brighter than blue: each counts as the grey it is seen as."""
    mask = Image.new("RGB", (512, 512), colour)
    mask.paste((255, 255, 255), (0, 0, 64, 512))
    same = halves(grey, grey)
    same.paste(255, (0, 0, 64, 512))
    answer = masking(client, version, INIT, saved(mask), WHITE)

    assert answer.status_code == 200
    assert answer.content == masking(client, version, INIT, saved(same), WHITE).content


@every_version
def test_jpeg_mask(client: Client, version: str) -> None:
    """A JPEG is good enough: far from the edge nothing and everything is changed."""
    there = changed(client, version, INIT, saved(halves().convert("RGB"), "JPEG"), WHITE)

    assert not there[:, :240].any()
    assert there[:, 272:].mean() > 0.9


@every_version
@pytest.mark.parametrize("source", [WHITE, BLACK])
def test_missing_mask_image(client: Client, version: str, source: str) -> None:
    """400 that says which source needs one."""
    answer = masking(client, version, INIT, None, source)

    body = assert_error(answer, version, 400, "invalid_mask_image")
    assert source in body["message"]


@every_version
@pytest.mark.parametrize("size", [(256, 256), (512, 576), (1024, 1024)])
def test_mask_of_another_size(client: Client, version: str, size: tuple[int, int]) -> None:
    """400 with both sizes; masks are never resized."""
    answer = masking(client, version, INIT, png(*size), WHITE)

    body = assert_error(answer, version, 400, "invalid_mask_image")
    assert f"{size[0]}x{size[1]}" in body["message"]
    assert "512x512" in body["message"]


@every_version
@pytest.mark.parametrize("mask", [b"GIF89a", png()[:100]])
def test_mask_that_is_no_picture(client: Client, version: str, mask: bytes) -> None:
    """400 of the same name."""
    assert_error(masking(client, version, INIT, mask, WHITE), version, 400, "invalid_mask_image")


@newer_versions
def test_mask_source_is_required(client: Client, version: str) -> None:
    """``mask_source: is required``."""
    form = {"text_prompts[0][text]": "a fox"}
    answer = client.post(path(version, "image-to-image/masking"), files={"init_image": INIT}, data=form)

    assert_error(answer, version, 400, "bad_request", "mask_source: is required")


@every_version
@pytest.mark.parametrize("source", ["mask_image_white", "ALPHA", ""])
def test_unknown_mask_source(client: Client, version: str, source: str) -> None:
    """400 that lists the three."""
    body = assert_error(masking(client, version, INIT, png(), source), version, 400, "bad_request")

    assert "mask_source" in body["message"]
    assert ALPHA in body["message"]


@every_version
@pytest.mark.parametrize("engine", GENERAL)
def test_ordinary_engines_mask_too(client: Client, version: str, engine: str) -> None:
    """Not only those trained for it; unmasked pixels are left alone by all."""
    answer = masking(client, version, INIT, saved(halves()), WHITE, engine)

    difference = picture(answer) != pixels(INIT)
    assert not difference[:, :256].any()
    assert difference[:, 256:].any()


def test_sdxl_masks_too(client: Client) -> None:
    """In its own sizes."""
    init, mask = png(640, 1536), saved(halves(width=640, height=1536))
    answer = masking(client, "v1", init, mask, BLACK, "stable-diffusion-xl-1024-v1-0")

    assert (picture(answer)[:, 320:] == pixels(init)[:, 320:]).all()


@every_version
@pytest.mark.parametrize("size", [(512, 576), (640, 512)])
def test_answer_has_the_size_of_the_init_image(client: Client, version: str, size: tuple[int, int]) -> None:
    """``width`` and ``height`` are accepted and ignored."""
    answer = masking(client, version, png(*size), png(*size), WHITE, ENGINE, width=900, height=1024)

    assert picture(answer).shape == (size[1], size[0], 3)


def test_v1alpha_masking_starts_where_it_is_told(client: Client) -> None:
    """The schedule applies to the marked part: 0 leaves it, absent makes it anew."""
    left = masking(client, "v1alpha", INIT, saved(halves()), BLACK, step_schedule_start=0)
    absent = masking(client, "v1alpha", INIT, saved(halves()), BLACK)

    assert (picture(left) == pixels(INIT)).all()
    assert absent.content == masking(client, "v1alpha", INIT, saved(halves()), BLACK, step_schedule_start=1).content
