"""Serevix: image-to-image, what it requires, and how the picture that was sent comes back."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from tests.pictures import pixels, png
from tests.running import Client
from tests.wire.asking import image_to_image, picture
from tests.wire.serevix_asking import PROMPT, SEED, ask, assert_error, redraw, shown, size

SQUARE = png(512, 512)
ODD = png(500, 333)


def saved(form: str, mode: str = "RGB", width: int = 512, height: int = 512) -> bytes:
    """The gradient in another format."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(width, height))).convert(mode).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize("missing", ["image", "strength"])
def test_image_to_image_requires_image_and_strength(client: Client, missing: str) -> None:
    """400 that names what is missing."""
    image, strength = (None, 0.5) if missing == "image" else (SQUARE, ...)
    answer = ask(client, image, mode="image-to-image", strength=strength)

    assert_error(answer, 400, "missing_parameter", f"{missing}: is required", missing)


def test_image_to_image_requires_a_prompt(client: Client) -> None:
    """400 like any request without one."""
    assert_error(redraw(client, SQUARE, prompt=...), 400, "missing_parameter", "prompt: is required", "prompt")


def test_core_does_not_redraw(client: Client) -> None:
    """400 that names model and mode, before the picture is looked at."""
    text = "The model sd-core does not support image-to-image."
    assert_error(redraw(client, b"no picture", model="sd-core"), 400, "unsupported_mode", text, "mode")


@pytest.mark.parametrize("model", ["sd3-medium", "sd3-large", "sd3-large-turbo", "stable-diffusion-v1-6"])
def test_every_other_model_redraws(client: Client, model: str) -> None:
    """Between the picture and what the words alone would give."""
    found = shown(redraw(client, SQUARE, 0.5, model=model))

    assert found.shape == (512, 512, 3)
    assert (found != pixels(SQUARE)).any()


def test_a_picture_without_its_mode_is_refused(client: Client) -> None:
    """Who sends a picture and no mode has forgotten the mode, and would pay for something else."""
    text = "image: cannot be sent together with mode text-to-image"
    assert_error(ask(client, SQUARE), 400, "unsupported_parameter", text, "image")


def test_a_strength_without_its_mode_is_refused(client: Client) -> None:
    """So does who sends a strength."""
    text = "strength: cannot be sent together with mode text-to-image"
    assert_error(ask(client, strength=0.5), 400, "unsupported_parameter", text, "strength")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpeg_png_and_webp_are_read(client: Client, form: str, mode: str) -> None:
    """In colour or grey; strength 0 shows the picture that was understood."""
    data = saved(form, mode)

    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert (shown(redraw(client, data, 0)) == expected).all()


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(client: Client, form: str) -> None:
    """400, whatever the file is called."""
    text = "image: must be a PNG, JPEG or WebP picture"
    assert_error(redraw(client, saved(form)), 400, "invalid_image", text, "image")


@pytest.mark.parametrize("data", [b"no picture", SQUARE[:200], b"\x89PNG\r\n\x1a\n"])
def test_broken_pictures_are_refused(client: Client, data: bytes) -> None:
    """400 for bytes that are no picture, and for one that is cut off."""
    assert_error(redraw(client, data), 400, "invalid_image", None, "image")


def test_an_empty_picture_is_refused(client: Client) -> None:
    """400 with a code of its own."""
    assert_error(redraw(client, b""), 400, "invalid_file_size", "image: is empty", "image")


@pytest.mark.parametrize(("width", "height"), [(63, 64), (64, 63), (1, 1), (2000, 63)])
def test_a_side_below_64_is_refused(client: Client, width: int, height: int) -> None:
    """400 that says what came."""
    text = f"image: each side must be at least 64 pixels, but we received {width}x{height}"
    assert_error(redraw(client, png(width, height)), 400, "invalid_image_size", text, "image")


@pytest.mark.parametrize("side", [(64, 64), (64, 200), (1537, 65), (500, 333), (2000, 1500), (3000, 64)])
@pytest.mark.parametrize("strength", [0.4, 1])
def test_the_answer_has_the_size_of_the_picture(client: Client, side: tuple[int, int], strength: float) -> None:
    """Also where the engine cannot draw in that size."""
    answer = redraw(client, png(*side), strength)

    assert size(answer) == side


@pytest.mark.parametrize("data", [SQUARE, ODD, png(64, 64), png(2000, 1500)], ids=["512", "500x333", "64", "2000x1500"])
def test_strength_0_is_the_picture_itself(client: Client, data: bytes) -> None:
    """To the last pixel, whatever its size."""
    assert (shown(redraw(client, data, 0)) == pixels(data)).all()


def test_strength_1_is_as_if_there_were_no_picture(client: Client) -> None:
    """What words alone give in that size: no trace of the picture, whichever it was."""
    other = png(1024, 1024, fill=(255, 0, 0))

    assert (shown(redraw(client, png(1024, 1024), 1)) == shown(ask(client))).all()
    assert (shown(redraw(client, other, 1)) == shown(ask(client))).all()


@pytest.mark.parametrize("data", [SQUARE, ODD], ids=["512", "500x333"])
def test_strength_says_how_far_to_go(client: Client, data: bytes) -> None:
    """The more of it, the farther from the picture."""
    answers = [shown(redraw(client, data, strength)) for strength in (0, 0.1, 0.35, 0.6, 0.9, 1)]

    distances = [np.abs(answer - pixels(data)).mean() for answer in answers]
    assert all(nearer < farther for nearer, farther in itertools.pairwise(distances))


@pytest.mark.parametrize(
    ("strength", "text"),
    [
        ("1.01", "must be less than or equal to 1"),
        ("-0.1", "must be greater than or equal to 0"),
        ("half", "must be a number"),
        ("", "must be a number"),
        ("nan", "must be a number"),
        ("1e999", "must be a number"),
    ],
)
def test_strength_out_of_bounds(client: Client, strength: str, text: str) -> None:
    """400 that says what a strength may be."""
    assert_error(redraw(client, SQUARE, strength), 400, "invalid_parameter", f"strength: {text}", "strength")


def test_the_aspect_ratio_does_not_count(client: Client) -> None:
    """The picture has its own; a ratio that is sent has to be one, and changes nothing."""
    assert redraw(client, SQUARE, aspect_ratio="16:9").content == redraw(client, SQUARE).content
    assert_error(redraw(client, SQUARE, aspect_ratio="4:3"), 400, "invalid_parameter", None, "aspect_ratio")


def test_transparency_is_left_out(client: Client) -> None:
    """The colours under it are what is redrawn."""
    buffer = io.BytesIO()
    Image.new("RGBA", (512, 512), (10, 200, 30, 0)).save(buffer, "PNG")

    assert (shown(redraw(client, buffer.getvalue(), 0)) == (10, 200, 30)).all()


def test_the_other_fields_count_here_too(client: Client) -> None:
    """Prompt, seed, negative prompt and format change the answer as they do without a picture."""
    plain = redraw(client, SQUARE).content

    assert redraw(client, SQUARE, prompt="a harbour").content != plain
    assert redraw(client, SQUARE, seed=9).content != plain
    assert redraw(client, SQUARE, negative_prompt="trees").content != plain
    assert redraw(client, SQUARE, output_format="jpeg").headers["Content-Type"] == "image/jpeg"
    assert redraw(client, SQUARE).headers["Seed"] == str(SEED)


def test_the_same_words_redraw_as_in_v1(client: Client) -> None:
    """A strength is v1's image_strength turned round, and the picture is the same."""
    theirs = image_to_image(
        client, "v1", SQUARE, image_strength=0.75, steps=50, text_prompts=[{"text": PROMPT, "weight": 1}]
    )

    ours = redraw(client, SQUARE, 0.25, model="stable-diffusion-v1-6")

    assert (shown(ours) == picture(theirs)).all()


def test_a_picture_with_too_many_pixels(client: Client) -> None:
    """400 from its header alone."""
    text = "image: at most 16777216 pixels are read, but we received 25000000"
    answer = redraw(client, png(5000, 5000, "1", 0))

    assert_error(answer, 400, "invalid_image_size", text, "image")


def test_a_picture_with_too_many_bytes(client: Client) -> None:
    """400, as long as the whole body is not too large."""
    answer = redraw(client, SQUARE + bytes(10_000_000))

    assert_error(answer, 400, "invalid_file_size", None, "image")
