"""What only Stativerse's edits take: pictures in base64, one or several, with and without a prompt."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.pictures import png
from tests.running import Client
from tests.wire.stativerse_asking import EDIT, SEED, SIDE, ask, data, encoded, image, pixels, refused


def original(width: int = SIDE, height: int = SIDE) -> np.ndarray:
    """The pixels of the picture that is sent."""
    return np.asarray(Image.open(io.BytesIO(png(width, height)))).astype(np.int16)


def in_format(kind: str, mode: str = "RGB") -> bytes:
    """A picture of 64x64 as a file of another kind."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(SIDE, SIDE))).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def see_through() -> bytes:
    """A blue picture, its right half transparent."""
    shown = np.full((SIDE, SIDE, 4), (40, 90, 140, 255), np.uint8)
    shown[:, SIDE // 2 :, 3] = 0
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_edit_keeps_the_size_and_something_of_the_picture(client: Client) -> None:
    """The result is as large as the input, differs from it, and differs for other inputs."""
    first = pixels(ask(client, EDIT, image=encoded(png(80, 112))))
    other = pixels(ask(client, EDIT, image=encoded(png(80, 112, fill="darkgreen"))))

    assert first.shape == (112, 80, 3)
    assert (first != original(80, 112)).any()
    assert (first != other).any()


@pytest.mark.parametrize("prompt", [..., None, ""])
def test_without_a_prompt_the_input_is_returned(client: Client, prompt: object) -> None:
    """Nothing is drawn: pixel for pixel the picture that was sent, with a seed all the same."""
    answer = ask(client, EDIT, prompt=prompt)

    assert (pixels(answer) == original()).all()
    assert data(answer)["seed"] == SEED


@pytest.mark.parametrize("prompt", [3, "x" * 10_001])
def test_a_wrong_edit_prompt(client: Client, prompt: object) -> None:
    """Only a text is one, and not an endless one."""
    assert refused(ask(client, EDIT, prompt=prompt), 400, "invalid_request").startswith("prompt ")


@pytest.mark.parametrize("prefix", ["data:image/png;base64,", "DATA:;base64,", "data:image/x;charset=utf-8;base64,"])
def test_data_uri_prefixes_are_accepted(client: Client, prefix: str) -> None:
    """With and without the prefix the picture is the same, whatever type the prefix claims."""
    assert (pixels(ask(client, EDIT, image=prefix + encoded(png(SIDE, SIDE)), prompt=...)) == original()).all()


def test_base64_in_lines(client: Client) -> None:
    """Line ends, which many encoders write, are skipped."""
    text = base64.encodebytes(png(SIDE, SIDE)).decode()

    assert (pixels(ask(client, EDIT, image=text, prompt=...)) == original()).all()


def test_base64_for_urls_without_padding(client: Client) -> None:
    """The alphabet for URLs is read as well, and padding may be missing."""
    sent = next(png(SIDE + extra, SIDE) for extra in range(8) if len(png(SIDE + extra, SIDE)) % 3)
    text = base64.urlsafe_b64encode(sent).decode().rstrip("=")

    plain, other = (ask(client, EDIT, image=one, prompt=...) for one in (encoded(sent), text))

    assert (pixels(other) == pixels(plain)).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_kinds_of_pictures(client: Client, kind: str) -> None:
    """PNG, JPEG and WebP are read, told apart by their bytes."""
    assert image(ask(client, EDIT, image=encoded(in_format(kind)), prompt=...)).size == (SIDE, SIDE)


def test_an_array_of_one_is_that_one(client: Client) -> None:
    """``[picture]`` means the same as ``picture``."""
    one = encoded(png(SIDE, SIDE))

    assert data(ask(client, EDIT, image=[one]))["output"] == data(ask(client, EDIT, image=one))["output"]


def test_further_pictures_add_to_the_edit(client: Client) -> None:
    """The first picture sets the size; the others, of any size, change what is drawn, and so does their choice."""
    first = encoded(png(80, 64))
    alone, red, green = (
        pixels(ask(client, EDIT, image=[first, *others]))
        for others in ([], [encoded(png(300, 7, fill="red"))], [encoded(png(300, 7, fill="green"))])
    )

    assert alone.shape == red.shape == green.shape == (64, 80, 3)
    assert (alone != red).any()
    assert (red != green).any()


def test_the_order_of_further_pictures_does_not_count(client: Client) -> None:
    """They count alike; which one comes first does."""
    first, second, third = (encoded(png(SIDE, SIDE, fill=colour)) for colour in ("red", "green", "blue"))
    one, same, other = (
        data(ask(client, EDIT, image=order))["output"]
        for order in ([first, second, third], [first, third, second], [second, first, third])
    )

    assert one == same != other


def test_without_a_prompt_the_first_picture_is_returned(client: Client) -> None:
    """The others are read, and leave no trace."""
    answer = ask(client, EDIT, image=[encoded(png(SIDE, SIDE)), encoded(png(8, 8, fill="red"))], prompt=...)

    assert (pixels(answer) == original()).all()


@pytest.mark.parametrize("crop", [False, True])
def test_resolution_is_worked_in(client: Client, crop: bool) -> None:
    """The input is resized to it, or cut to its proportions first."""
    whole = Image.open(io.BytesIO(png(128, 96)))
    part = whole.crop((16, 0, 112, 96)) if crop else whole
    shown = pixels(ask(client, EDIT, image=encoded(png(128, 96)), prompt=..., resolution=[70, 70], crop=crop))

    assert (shown == np.asarray(part.resize((70, 70), Image.Resampling.LANCZOS))).all()


def test_resolution_comes_before_post_resolution(client: Client) -> None:
    """Details that the first does not keep are not in the second."""
    small = Image.open(io.BytesIO(png(128, 96))).resize((64, 64), Image.Resampling.LANCZOS)
    sizes = {"resolution": [64, 64], "post_resolution": [128, 96]}
    shown = pixels(ask(client, EDIT, image=encoded(png(128, 96)), prompt=..., **sizes))

    assert (shown == np.asarray(small.resize((128, 96), Image.Resampling.LANCZOS))).all()


def test_post_resolution_of_an_edit_is_the_input_size_unless_named(client: Client) -> None:
    """Nor is it when a resolution is named: then it is that one."""
    picture = encoded(png(100, 71))

    assert image(ask(client, EDIT, image=picture)).size == (100, 71)
    assert image(ask(client, EDIT, image=picture, resolution=[90, 65])).size == (90, 65)
    assert image(ask(client, EDIT, image=picture, post_resolution=[30, 20])).size == (30, 20)


def test_an_edit_in_another_resolution(client: Client) -> None:
    """With a prompt, what is drawn starts from the picture in that resolution."""
    resized = Image.open(io.BytesIO(png(128, 96))).resize((64, 80), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    resized.save(buffer, "PNG")
    one = ask(client, EDIT, image=encoded(png(128, 96)), resolution=[64, 80])
    other = ask(client, EDIT, image=encoded(buffer.getvalue()))

    assert (pixels(one) == pixels(other)).all()


def test_transparency_comes_back(client: Client) -> None:
    """Without a prompt a picture with transparent parts stays as it is."""
    shown = image(ask(client, EDIT, image=encoded(see_through()), prompt=...))

    assert shown.mode == "RGBA"
    assert (np.asarray(shown) == np.asarray(Image.open(io.BytesIO(see_through())))).all()


def test_transparency_is_white_when_drawn_on(client: Client) -> None:
    """An edit starts from the picture on white, and has no transparent parts."""
    white = Image.new("RGB", (SIDE, SIDE), "white")
    white.paste(Image.new("RGB", (SIDE // 2, SIDE), (40, 90, 140)), (0, 0))
    buffer = io.BytesIO()
    white.save(buffer, "PNG")

    seen_through, on_white = (ask(client, EDIT, image=encoded(one)) for one in (see_through(), buffer.getvalue()))

    assert (pixels(seen_through) == pixels(on_white)).all()


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (..., "image is required."),
        (None, "image must be a string or an array."),
        (7, "image must be a string or an array."),
        ("", "image cannot be empty."),
        ([], "image must have at least 1 item."),
        ([7], "image[0] must be a string."),
        ([encoded(png(SIDE, SIDE))] * 5, "image cannot have more than 4 items."),
    ],
)
def test_no_picture_where_one_should_be(client: Client, sent: object, message: str) -> None:
    """The contract wants a text or up to four of them."""
    refused(ask(client, EDIT, image=sent), 400, "invalid_request", message)


NO_BASE64 = "must be base64, bare or as a data URI."
NO_PICTURE = "must be a PNG, JPEG or WebP picture."
GOOD = encoded(png(SIDE, SIDE))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ("!!!!", f"image {NO_BASE64}"),
        ("AAAAA", f"image {NO_BASE64}"),
        ("data:image/png," + GOOD, f"image {NO_BASE64}"),
        ("ü" * 8, f"image {NO_BASE64}"),
        ("data:image/png;base64,", "image is empty."),
        (encoded(b"GIF89a" + bytes(50)), f"image {NO_PICTURE}"),
        (encoded(png(SIDE, SIDE)[:60]), f"image {NO_PICTURE}"),
        ([GOOD, "!!!!"], f"image[1] {NO_BASE64}"),
        ([GOOD, GOOD, encoded(b"no picture")], f"image[2] {NO_PICTURE}"),
    ],
)
@pytest.mark.parametrize("prompt", [..., "a fox"])
def test_a_picture_that_cannot_be_read(client: Client, sent: object, message: str, prompt: Any) -> None:
    """The error says which one, and what would be right."""
    refused(ask(client, EDIT, image=sent, prompt=prompt), 400, "invalid_image", message)


@pytest.mark.parametrize("size", [(63, 64), (64, 2049)])
def test_an_input_too_small_or_too_large_to_be_kept(client: Client, size: tuple[int, int]) -> None:
    """Its size is kept only between 64 and 2048 pixels a side; with a resolution any size will do."""
    picture = encoded(png(*size))

    message = (
        f"image sides must have 64 to 2048 pixels, but we received {size[0]}x{size[1]}; "
        "send a resolution to have it resized."
    )
    refused(ask(client, EDIT, image=picture), 400, "invalid_image", message)
    assert image(ask(client, EDIT, image=picture, resolution=[SIDE, SIDE])).size == (SIDE, SIDE)


def test_a_picture_of_too_many_pixels(client: Client) -> None:
    """Nothing of it is decoded, even where it would be resized."""
    answer = ask(client, EDIT, image=encoded(png(4097, 4096, fill="red")), resolution=[SIDE, SIDE])

    refused(answer, 400, "invalid_image", "Pictures may have at most 16777216 pixels, but we received 16781312.")


def test_a_picture_of_too_many_bytes(client: Client) -> None:
    """Ten million bytes are read, and not more."""
    answer = ask(client, EDIT, image=encoded(bytes(10_000_001)))

    refused(answer, 400, "invalid_image", "image must have at most 10000000 bytes, but we received 10000001.")
