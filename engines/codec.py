"""Pictures to bytes and back; the only module that lets strangers' bytes near a decoder.

Pictures leave as PNG or JPEG, 8 bits a channel, and come in as PNG, JPEG or WebP. The orientation that a camera
notes in EXIF is not applied: pixels are taken as they are stored, as the Stability service took them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import deflate

from engines.containers import Container, open_container
from engines.errors import PictureTooLarge, PictureUnreadable
from engines.late import Late
from engines.types import Pixels

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image, ImageFilter, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
else:
    np, Image, ImageFilter = Late("numpy"), Late("PIL.Image"), Late("PIL.ImageFilter")
    JpegImagePlugin, PngImagePlugin = Late("PIL.JpegImagePlugin"), Late("PIL.PngImagePlugin")
    WebPImagePlugin = Late("PIL.WebPImagePlugin")


_COLOUR = {3: 2, 4: 6}
"""PNG's colour types for RGB and RGBA, by the number of channels."""
_UP_FILTER = 2
_LEVEL = 1
_BLUR_SHARE = 16
_QUALITY = 95


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture that came in: height x width x 3 pixels, alpha (height x width) if it has any, its format.

    Neither is to be changed.
    """

    pixels: Pixels
    alpha: Pixels | None
    format: str

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.pixels.nbytes + (0 if self.alpha is None else self.alpha.nbytes)


def encode_png(pixels: Pixels) -> bytes:
    """PNG bytes of height x width x 3 pixels, or x 4 with alpha, the same for equal pixels on every machine.

    The stream is compressed by libdeflate. ISA-L would be faster, but what it writes depends on the
    features of the processor, and zlib has several incompatible successors.
    """
    height, width, channels = pixels.shape
    raw = pixels.reshape(height, width * channels)
    rows = np.empty((height, width * channels + 1), np.uint8)
    rows[:, 0] = _UP_FILTER
    rows[0, 1:] = raw[0]
    np.subtract(raw[1:], raw[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR[channels], 0, 0, 0)
    packed = deflate.zlib_compress(rows.data, _LEVEL)
    return b"".join((b"\x89PNG\r\n\x1a\n", *_chunk(b"IHDR", header), *_chunk(b"IDAT", packed), *_chunk(b"IEND", b"")))


def encode_jpeg(pixels: Pixels, *, progressive: bool = False) -> bytes:
    """JPEG bytes of height x width x 3 pixels; equal pixels give equal bytes with the same release of Pillow."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY, progressive=progressive)
    return buffer.getvalue()


def any_size(width: int, height: int) -> None:
    """The size rule that takes every picture."""


def check_size(width: int, height: int, maximum_pixels: int, rule: Callable[[int, int], None]) -> None:
    """Raise ``PictureTooLarge`` beyond so many pixels, or whatever ``rule`` raises."""
    if width * height > maximum_pixels:
        raise PictureTooLarge(width * height, maximum_pixels)
    rule(width, height)


def decode(data: bytes, maximum_pixels: int, rule: Callable[[int, int], None] = any_size) -> Decoded:
    """Decode PNG, JPEG or WebP, told apart by their bytes; the first frame of an animation.

    Palettes, grey, CMYK and 16 bits become 8-bit RGB. ``PictureTooLarge`` is raised from the header,
    before anything is decoded, and so is whatever ``rule`` raises for the width and height; everything
    else that goes wrong is a ``PictureUnreadable``.
    """
    container = open_container(data)
    check_size(container.width, container.height, maximum_pixels, rule)
    try:
        pixels, alpha = _unpack(_load(container))
    except Exception as exc:  # Decoders fail in many ways, down to struct.error and MemoryError; callers need one.
        raise PictureUnreadable(f"this {container.format} cannot be decoded") from exc
    return Decoded(fixed(pixels), None if alpha is None else fixed(alpha), container.format)


def decode_mask(data: bytes, maximum_pixels: int, rule: Callable[[int, int], None] = any_size) -> Pixels:
    """Decode a mask to height x width: the luminance of its colours.

    Alpha counts only where the colours say nothing, that is where all pixels have the same: then the
    mask was painted as transparency and its alpha is returned.
    """
    decoded = decode(data, maximum_pixels, rule)
    if decoded.alpha is not None and bool((decoded.pixels == decoded.pixels[0, 0]).all()):
        return decoded.alpha
    return fixed(np.array(Image.fromarray(decoded.pixels).convert("L")))


def blur(pixels: Pixels) -> Pixels:
    """The picture blurred until nothing in it can be made out, in the same size."""
    height, width, _ = pixels.shape
    image = Image.fromarray(pixels)
    factor = max(1, min(width, height) // _BLUR_SHARE)
    small = image.reduce(factor).filter(ImageFilter.BoxBlur(2))
    return fixed(np.array(small.resize((width, height), Image.Resampling.BICUBIC)))


def fixed(pixels: Pixels) -> Pixels:
    """The same array, which nobody can change from now on."""
    pixels.setflags(write=False)
    return pixels


def _chunk(kind: bytes, body: bytes | bytearray) -> tuple[bytes | bytearray, ...]:
    checksum = deflate.crc32(body, deflate.crc32(kind))
    return struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)


def _load(container: Container) -> Image.Image:
    image = _opened(container)
    if image.size != (container.width, container.height):
        raise PictureUnreadable("the file contradicts its own header")
    image.load()
    return image


def _opened(container: Container) -> Image.Image:
    """By the plugin's name: Image.open would guess among all formats and warn of large pictures by its own limit."""
    file = BytesIO(container.data)
    match container.format:
        case "PNG":
            return PngImagePlugin.PngImageFile(file)
        case "JPEG":
            return JpegImagePlugin.JpegImageFile(file)
        case _:
            return WebPImagePlugin.WebPImageFile(file)


def _unpack(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    if image.mode.startswith("I"):
        return _unpack_deep_grey(image)
    if image.has_transparency_data:
        rgba = np.array(image.convert("RGBA"))
        return np.ascontiguousarray(rgba[:, :, :3]), np.ascontiguousarray(rgba[:, :, 3])
    return np.array(image.convert("RGB")), None


def _unpack_deep_grey(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """Grey of 16 bits: Pillow would clip it to 8 instead of scaling it."""
    grey = np.asarray(image)
    pixels = np.repeat((grey >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    if "transparency" not in image.info:
        return pixels, None
    opaque = grey != int(image.info["transparency"])
    return pixels, opaque.astype(np.uint8) * np.uint8(255)
