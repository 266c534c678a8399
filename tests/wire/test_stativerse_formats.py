"""The five output formats of Stativerse, and pictures without their background."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from tests.running import Client
from tests.wire.stativerse_asking import EDIT, SEED, ask, data, encoded, every_picture, image, pixels, refused

SMALL = {"post_resolution": [6, 4]}


@every_picture
def test_png_is_usual(client: Client, endpoint: str) -> None:
    """Without a format the output is an 8-bit RGB PNG in bare base64, as with ``Base64 PNG``."""
    left_out, named = (data(ask(client, endpoint, output_format=form))["output"] for form in (..., "Base64 PNG"))
    shown = Image.open(io.BytesIO(base64.b64decode(left_out, validate=True)))

    assert left_out == named
    assert (shown.format, shown.mode) == ("PNG", "RGB")


@every_picture
@pytest.mark.parametrize(("form", "progressive"), [("Base64 JPEG", False), ("Base64 JPEG Progressive", True)])
def test_jpeg(client: Client, endpoint: str, form: str, progressive: bool) -> None:
    """A baseline or a progressive JPEG of the same picture."""
    shown = image(ask(client, endpoint, output_format=form))
    exact = pixels(ask(client, endpoint))

    assert isinstance(shown, JpegImagePlugin.JpegImageFile)
    assert shown.mode == "RGB"
    assert bool(shown.info.get("progressive")) is progressive
    assert np.abs(np.asarray(shown).astype(np.int16) - exact).mean() < 6


@every_picture
def test_rgba_in_two_dimensions(client: Client, endpoint: str) -> None:
    """Rows of pixels of four whole numbers, the last of them 255: the same picture as the PNG."""
    rows = data(ask(client, endpoint, output_format="RGBA 2D", **SMALL))["output"]

    assert (len(rows), {len(row) for row in rows}, {len(pixel) for row in rows for pixel in row}) == (4, {6}, {4})
    assert all(type(number) is int for row in rows for pixel in row for number in pixel)
    shown = np.array(rows)
    assert (shown[:, :, :3] == pixels(ask(client, endpoint, **SMALL))).all()
    assert (shown[:, :, 3] == 255).all()


@every_picture
def test_rgba_in_one_dimension(client: Client, endpoint: str) -> None:
    """The same numbers in one flat array."""
    flat, rows = (data(ask(client, endpoint, output_format=form, **SMALL))["output"] for form in ("RGBA 1D", "RGBA 2D"))

    assert len(flat) == 6 * 4 * 4
    assert flat == np.array(rows).ravel().tolist()


@every_picture
@pytest.mark.parametrize("form", ["base64 png", "PNG", "RGBA", "", 1])
def test_a_wrong_format(client: Client, endpoint: str, form: object) -> None:
    """It is refused with the five that are right."""
    said = refused(ask(client, endpoint, output_format=form), 400, "invalid_request")

    assert said.startswith("output_format must be ")
    if isinstance(form, str):
        assert said.endswith("Base64 PNG, Base64 JPEG, Base64 JPEG Progressive, RGBA 2D, RGBA 1D.")


def disc() -> bytes:
    """A red disc on pale grey: nobody can mistake the subject."""
    y, x = np.mgrid[0:128, 0:128]
    shown = np.full((128, 128, 3), (225, 228, 230), np.uint8)
    shown[(x - 64) ** 2 + (y - 64) ** 2 < 36**2] = (200, 30, 40)
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG")
    return buffer.getvalue()


def without_background(client: Client, **changes: Any) -> Any:
    """What comes back of the disc."""
    return ask(client, EDIT, image=encoded(disc()), prompt=..., remove_background=True, **changes)


def test_the_background_is_transparent(client: Client) -> None:
    """The subject stays as it is and opaque, the corners are transparent."""
    shown = image(without_background(client))
    alpha = np.asarray(shown)[:, :, 3]

    assert shown.mode == "RGBA"
    assert alpha[44:84, 44:84].min() == 255
    assert max(alpha[:10, :10].max(), alpha[-10:, -10:].max()) == 0
    assert tuple(np.asarray(shown)[64, 64]) == (200, 30, 40, 255)


@pytest.mark.parametrize("form", ["RGBA 2D", "RGBA 1D"])
def test_the_background_in_numbers(client: Client, form: str) -> None:
    """The fourth number of a pixel is its alpha, in the final size."""
    output = data(without_background(client, output_format=form, post_resolution=[16, 16]))["output"]
    alpha = np.array(output).reshape(16, 16, 4)[:, :, 3]

    assert (alpha[0, 0], alpha[8, 8]) == (0, 255)


@pytest.mark.parametrize("form", ["Base64 JPEG", "Base64 JPEG Progressive"])
def test_the_background_of_a_jpeg_is_white(client: Client, form: str) -> None:
    """A format without transparency shows the subject on white."""
    shown = np.asarray(image(without_background(client, output_format=form)))

    assert shown[:8, :8].min() > 250
    assert np.abs(shown[64, 64].astype(int) - (200, 30, 40)).max() < 12


@every_picture
def test_the_background_of_what_was_drawn(client: Client, endpoint: str) -> None:
    """It is the same picture, with an alpha channel, the same each time."""
    size = {"resolution": [128, 128]}
    cut, again = (ask(client, endpoint, remove_background=True, **size) for _ in range(2))
    plain = pixels(ask(client, endpoint, **size))

    assert image(cut).mode == "RGBA"
    assert (pixels(cut)[:, :, :3] == plain).all()
    assert data(cut)["output"] == data(again)["output"]
    assert data(cut)["seed"] == SEED


def test_what_was_transparent_stays_so(client: Client) -> None:
    """Cutting out the subject makes nothing visible that was not."""
    shown = np.asarray(Image.open(io.BytesIO(disc())).convert("RGBA")).copy()
    shown[:64, :, 3] = 0
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "PNG")
    answer = ask(client, EDIT, image=encoded(buffer.getvalue()), prompt=..., remove_background=True)

    assert np.asarray(image(answer))[:64, :, 3].max() == 0


@every_picture
def test_backgrounds_stay_unless_asked(client: Client, endpoint: str) -> None:
    """``false`` is the same as nothing."""
    assert image(ask(client, endpoint, remove_background=False)).mode == "RGB"
