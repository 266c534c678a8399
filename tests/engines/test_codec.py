"""Bytes to pictures and back, against Pillow and against hostile input."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from engines import codec
from engines.errors import PictureTooLarge, PictureUnreadable
from engines.types import Pixels

Photo = Callable[[int, int], Pixels]

_ENOUGH = 4_194_304
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _saved(image: Image.Image, name: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG made by hand, for kinds that Pillow does not write."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    middle = b"".join(extra) + _chunk(b"IDAT", zlib.compress(rows))
    return _SIGNATURE + _chunk(b"IHDR", header) + middle + _chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (512, 512), (3, 7), (640, 1), (1, 640)])
def test_encoded_pictures_open_in_pillow_to_the_same_pixels(photo: Photo, width: int, height: int) -> None:
    """A PNG that we write is read by others, pixel for pixel, as 8-bit RGB."""
    pixels = photo(width, height)
    opened = Image.open(BytesIO(codec.encode_png(pixels)))
    assert (opened.format, opened.mode, opened.size) == ("PNG", "RGB", (width, height))
    assert np.array_equal(np.asarray(opened), pixels)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (512, 512), (3, 7)])
def test_transparent_pictures_keep_every_pixel(photo: Photo, width: int, height: int) -> None:
    """A PNG with transparency is read by others, pixel for pixel, as 8-bit RGBA; equal pictures are equal bytes."""
    alpha = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    rgba = np.dstack([photo(width, height), alpha])
    written = codec.encode_png(rgba)
    opened = Image.open(BytesIO(written))
    assert (opened.format, opened.mode, opened.size) == ("PNG", "RGBA", (width, height))
    assert np.array_equal(np.asarray(opened), rgba)
    assert written == codec.encode_png(np.asfortranarray(rgba))


@pytest.mark.parametrize("progressive", [False, True])
def test_jpegs_are_as_asked_for(photo: Photo, progressive: bool) -> None:
    """Baseline or progressive, in the same size, near to the picture, and equal pictures are equal bytes."""
    pixels = photo(320, 200)
    written = codec.encode_jpeg(pixels, progressive=progressive)
    opened = Image.open(BytesIO(written))
    assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (320, 200))
    assert bool(opened.info.get("progressive")) == progressive
    assert np.abs(np.asarray(opened).astype(int) - pixels).mean() < 3
    assert written == codec.encode_jpeg(pixels[:, ::-1][:, ::-1], progressive=progressive)


def test_noise_and_views_survive_encoding() -> None:
    """Noise, and arrays that are windows into others, are written as faithfully as smooth pictures."""
    noise = np.random.default_rng(1).integers(0, 256, (90, 80, 3), np.uint8)
    for pixels in (noise, noise[::2, 10:50], noise[:, ::-1]):
        assert np.array_equal(codec.decode(codec.encode_png(pixels), _ENOUGH).pixels, pixels)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_png_of_every_mode_decodes_as_pillow_shows_it(photo: Photo, mode: str) -> None:
    """Palettes, grey, grey with alpha and bitmaps become RGB, with alpha where there is one."""
    image = Image.fromarray(photo(60, 40)).convert(mode)
    decoded = codec.decode(_saved(image, "PNG"), _ENOUGH)
    assert decoded.format == "PNG"
    assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGB")))
    assert (decoded.alpha is not None) == (mode in {"RGBA", "LA"})


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_of_every_mode_decodes_as_pillow_shows_it(photo: Photo, mode: str) -> None:
    """Grey and CMYK JPEGs become RGB."""
    data = _saved(Image.fromarray(photo(60, 40)).convert(mode), "JPEG")
    decoded = codec.decode(data, _ENOUGH)
    assert (decoded.format, decoded.alpha) == ("JPEG", None)
    assert np.array_equal(decoded.pixels, np.asarray(Image.open(BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"comment": b"hello"}])
def test_jpegs_of_every_kind_are_read(photo: Photo, options: dict[str, Any]) -> None:
    """Progressive files and files with comments are read like any other."""
    data = _saved(Image.fromarray(photo(64, 64)), "JPEG", **options)
    assert np.array_equal(codec.decode(data, _ENOUGH).pixels, np.asarray(Image.open(BytesIO(data))))


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 60}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webp_decodes_as_pillow_shows_it(photo: Photo, mode: str, options: dict[str, Any]) -> None:
    """Lossy and lossless WebP, with alpha and without."""
    image = Image.fromarray(photo(60, 40)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize((60, 40)))
    data = _saved(image, "WEBP", **options)
    decoded = codec.decode(data, _ENOUGH)
    shown = np.asarray(Image.open(BytesIO(data)))
    assert decoded.format == "WEBP"
    assert np.array_equal(decoded.pixels, shown[:, :, :3])
    assert (decoded.alpha is not None) == (mode == "RGBA")


def test_alpha_comes_along(photo: Photo) -> None:
    """The alpha channel of an RGBA picture is kept next to its untouched colours."""
    alpha = (np.arange(60 * 40) % 256).astype(np.uint8).reshape(40, 60)
    rgba = np.dstack([photo(60, 40), alpha])
    decoded = codec.decode(_saved(Image.fromarray(rgba), "PNG"), _ENOUGH)
    assert np.array_equal(decoded.pixels, rgba[:, :, :3])
    assert decoded.alpha is not None
    assert np.array_equal(decoded.alpha, alpha)


def test_a_transparent_palette_entry_becomes_alpha() -> None:
    """A palette picture with transparent entries has alpha like an RGBA picture."""
    image = Image.new("P", (4, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putdata([0, 1, 0, 1])
    decoded = codec.decode(_saved(image, "PNG", transparency=bytes([0, 128])), _ENOUGH)
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 128, 0, 128]]
    assert decoded.pixels[0, 0].tolist() == [255, 0, 0]


def test_a_transparent_colour_becomes_alpha() -> None:
    """PNG's one transparent colour, in RGB and in grey, becomes alpha 0."""
    image = Image.fromarray(np.array([[[9, 9, 9], [200, 0, 0]]], np.uint8))
    coloured = codec.decode(_saved(image, "PNG", transparency=(9, 9, 9)), _ENOUGH)
    grey = codec.decode(_saved(image.convert("L"), "PNG", transparency=9), _ENOUGH)
    assert coloured.alpha is not None
    assert grey.alpha is not None
    assert coloured.alpha.tolist() == grey.alpha.tolist() == [[0, 255]]


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    """Deep grey keeps its tones: half of 65,535 is half of 255."""
    rows = b"\x00" + struct.pack(">4H", 0, 255, 32_768, 65_535)
    decoded = codec.decode(_png(4, 1, 16, 0, rows), _ENOUGH)
    assert decoded.pixels[0, :, 0].tolist() == [0, 0, 128, 255]
    assert decoded.alpha is None


def test_sixteen_bit_grey_may_have_a_transparent_tone() -> None:
    """A transparent tone of deep grey becomes alpha 0."""
    rows = b"\x00" + struct.pack(">2H", 255, 32_768)
    decoded = codec.decode(_png(2, 1, 16, 0, rows, _chunk(b"tRNS", struct.pack(">H", 255))), _ENOUGH)
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 255]]


def test_sixteen_bit_colours_are_scaled() -> None:
    """Deep colour and deep alpha are scaled to 8 bits."""
    rows = b"\x00" + struct.pack(">4H", 65_535, 32_768, 0, 65_535)
    decoded = codec.decode(_png(1, 1, 16, 6, rows), _ENOUGH)
    assert decoded.pixels.tolist() == [[[255, 128, 0]]]
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[255]]


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_counts(name: str) -> None:
    """An animated picture is read as its first frame."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ((250, 0, 0), (0, 0, 250))]
    data = _saved(frames[0], name, save_all=True, append_images=frames[1:], lossless=True)
    assert codec.decode(data, _ENOUGH).pixels[8, 8].tolist() == [250, 0, 0]


def test_orientation_in_exif_is_not_applied(photo: Photo) -> None:
    """Pixels are taken as they are stored, whatever the camera noted."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = _saved(Image.fromarray(photo(60, 40)), "JPEG", exif=exif)
    assert codec.decode(data, _ENOUGH).pixels.shape == (40, 60, 3)


def test_broken_metadata_does_not_matter(photo: Photo) -> None:
    """Garbage where EXIF or text should be is never looked at."""
    image = Image.fromarray(photo(32, 32))
    jpeg = _saved(image, "JPEG")
    exif = b"\xff\xe1" + struct.pack(">H", 40) + b"Exif\0\0" + b"MM\0*" + b"\xff" * 28
    png = _saved(image, "PNG")
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 3_000_000)) + _chunk(b"acTL", b"") + _chunk(b"eXIf", b"??")
    assert codec.decode(jpeg[:2] + exif + jpeg[2:], _ENOUGH).pixels.shape == (32, 32, 3)
    assert np.array_equal(codec.decode(png[:33] + text + png[33:], _ENOUGH).pixels, photo(32, 32))


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_the_limit_is_a_number_of_pixels(photo: Photo, name: str) -> None:
    """A picture of exactly the limit is decoded, one of a pixel more is refused with both numbers."""
    data = _saved(Image.fromarray(photo(60, 40)), name)
    assert codec.decode(data, 2_400).pixels.shape == (40, 60, 3)
    with pytest.raises(PictureTooLarge) as refused:
        codec.decode(data, 2_399)
    assert (refused.value.pixels, refused.value.maximum) == (2_400, 2_399)


@pytest.mark.parametrize(
    "bomb",
    [
        _png(2**31 - 1, 2**31 - 1, 8, 2, b""),
        _png(60_000, 60_000, 1, 0, b"\0" * 4_000_000),
        b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01"
        b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00",
        b"RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00",
    ],
    ids=["png", "png-of-zeros", "jpeg", "webp"],
)
def test_bombs_are_refused_by_their_header(bomb: bytes) -> None:
    """A small file that promises an enormous picture is refused before anything is decoded."""
    with pytest.raises(PictureTooLarge):
        codec.decode(bomb, _ENOUGH)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_a_picture_cut_off_anywhere_is_unreadable(photo: Photo, name: str) -> None:
    """Half an upload is an error and never half a picture."""
    data = _saved(Image.fromarray(photo(64, 64)), name)
    ends = [*range(60), len(data) // 2, len(data) - 40]
    for end in ends:
        with pytest.raises(PictureUnreadable):
            codec.decode(data[:end], _ENOUGH)


@pytest.mark.parametrize("name", ["GIF", "BMP", "TIFF", "PPM", "ICO", "PDF"])
def test_other_formats_are_unreadable(photo: Photo, name: str) -> None:
    """Only PNG, JPEG and WebP are pictures here, whatever else Pillow could read."""
    with pytest.raises(PictureUnreadable):
        codec.decode(_saved(Image.fromarray(photo(32, 32)), name), _ENOUGH)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        _SIGNATURE,
        _SIGNATURE + b"\0" * 64,
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 100,
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\x20\0\0\0WEBPVP8L" + b"\x10\0\0\0\x2f" + b"\0" * 40,
        _png(0, 10, 8, 2, b""),
        _png(10, 10, 8, 2, b""),
        _png(10, 10, 99, 77, b"\0" * 400),
        _png(10, 10, 8, 3, b"\0" * 110)[:-20],
    ],
)
def test_garbage_is_unreadable(data: bytes) -> None:
    """Anything that only pretends to be a picture is one and the same error."""
    with pytest.raises(PictureUnreadable):
        codec.decode(data, _ENOUGH)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12))
def test_flipped_bytes_give_a_picture_or_our_own_error(name: str, flips: list[tuple[float, int]]) -> None:
    """A damaged file is decoded or refused; no warning and no foreign exception gets out."""
    image = Image.new("RGB", (40, 40), (90, 140, 200))
    ImageDraw.Draw(image).ellipse((5, 5, 30, 30), fill=(200, 60, 30))
    data = bytearray(_saved(image, name))
    for place, value in flips:
        data[int(place * (len(data) - 1))] = value
    try:
        decoded = codec.decode(bytes(data), _ENOUGH)
    except (PictureUnreadable, PictureTooLarge):
        return
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.shape[2] == 3


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from([_SIGNATURE, b"\xff\xd8\xff\xe0", b"RIFF\x40\0\0\0WEBPVP8 "]), st.binary(max_size=300))
def test_random_bytes_after_a_good_beginning_are_our_own_error(start: bytes, rest: bytes) -> None:
    """A right signature and then noise is refused like any other garbage."""
    with pytest.raises((PictureUnreadable, PictureTooLarge)):
        codec.decode(start + rest, _ENOUGH)


@pytest.mark.parametrize(("name", "mode"), [("PNG", "L"), ("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "L"), ("PNG", "1")])
def test_masks_are_read_by_their_light(name: str, mode: str) -> None:
    """Grey, colour and RGBA masks, PNG or JPEG, give one channel."""
    half = Image.new("L", (32, 16))
    half.paste(255, (16, 0, 32, 16))
    mask = codec.decode_mask(_saved(half.convert(mode), name), _ENOUGH)
    assert mask.shape == (16, 32)
    assert mask[:, :8].max() < 5
    assert mask[:, 24:].min() > 250


@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_colours_in_masks_count_as_bright_as_they_look(name: str) -> None:
    """Luminance after ITU-R 601: 30 % red, 59 % green, 11 % blue, to the nearest value."""
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 100, 200), (255, 255, 255), (0, 0, 0)]
    mask = Image.fromarray(np.array([colours], np.uint8))
    options = {"lossless": True, "exact": True} if name == "WEBP" else {}

    read = codec.decode_mask(_saved(mask, name, **options), _ENOUGH)

    assert read.tolist() == [[round(0.299 * r + 0.587 * g + 0.114 * b) for r, g, b in colours]]


def test_a_mask_of_one_colour_is_read_by_its_alpha() -> None:
    """A mask painted as transparency has the same colour everywhere: then alpha is the mask."""
    alpha = np.array([[0, 128, 255]], np.uint8)
    rgba = np.dstack([np.zeros((1, 3, 3), np.uint8), alpha])
    assert codec.decode_mask(_saved(Image.fromarray(rgba), "PNG"), _ENOUGH).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(("width", "height"), [(512, 512), (1536, 640), (130, 77), (1, 1)])
def test_a_blurred_picture_shows_nothing_of_what_it_was(photo: Photo, width: int, height: int) -> None:
    """Size and overall colour stay, detail is gone."""
    pixels = photo(width, height)
    blurred = codec.blur(pixels)
    assert blurred.shape == pixels.shape
    assert np.abs(blurred.mean(axis=(0, 1)) - pixels.mean(axis=(0, 1))).max() < 12
    assert np.abs(np.diff(blurred.astype(np.int32), axis=1)).max(initial=0) <= 255 // max(1, min(width, height) // 32)
