"""Pictures nobody should decode: bombs, fragments, other formats."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

from PIL import Image

from tests.pictures import png

SIDE = 60_000


def bad_pictures() -> dict[str, bytes]:
    """Bad pictures by name."""
    whole = png(512, 512)
    return {
        "nothing": b"",
        "text": b"this is no picture",
        "nul": b"\0" * 4096,
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"/>',
        "zip": _zip(),
        "gif": _animated_gif(),
        "bmp": _saved("BMP"),
        "tiff": _saved("TIFF"),
        "png promise": png_header(SIDE, SIDE) + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b""),
        "png bomb": png_bomb(SIDE, SIDE // 4),
        "png beyond": png_header(2**32 - 1, 2**32 - 1) + _chunk(b"IEND", b""),
        "png of no size": png_header(0, 0) + _chunk(b"IEND", b""),
        "png lies small": png_header(512, 512) + _chunk(b"IDAT", zlib.compress(b"\0" * 50_000_000, 9)) + _END,
        "png without data": png_header(512, 512) + _END,
        "png bare": png_header(512, 512),
        "png chunk too long": png_header(512, 512) + struct.pack(">I", 2**32 - 1) + b"IDAT",
        "png without palette": png_header(512, 512, colour=3) + _chunk(b"IDAT", zlib.compress(b"\0" * 300_000)) + _END,
        "jpeg promise": _jpeg_promise(),
        "jpeg start": b"\xff\xd8\xff",
        "jpeg padding": b"\xff\xd8" + b"\xff" * 50_000,
        "webp promise": _webp_promise(),
        "webp start": b"RIFF\0\0\0\0WEBP",
        "webp cut": _saved("WEBP")[:200],
        "jpeg cut": _saved("JPEG")[:400],
        "png cut": whole[: len(whole) // 2],
        "odd size": png(500, 500, fill=(1, 2, 3)),
        "one pixel": png(1, 1, fill=(1, 2, 3)),
        "long line": png(16_000, 1, fill=(1, 2, 3)),
    }


def flipped(picture: bytes, rng: random.Random) -> bytes:
    """A picture with a few bits turned."""
    damaged = bytearray(picture)
    for _ in range(rng.randint(1, 20)):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def png_header(width: int, height: int, colour: int = 2) -> bytes:
    """Signature and header of a PNG of any size."""
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))


def png_bomb(width: int, height: int) -> bytes:
    """A whole, valid PNG of many black pixels, one bit each, in a small file."""
    packer = zlib.compressobj(9)
    rows = b"\0" * ((width + 7) // 8 + 1)
    block = rows * 100
    data = b"".join([packer.compress(block) for _ in range(height // 100)]) + packer.flush()
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height // 100 * 100, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", data) + _END


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


_END = _chunk(b"IEND", b"")


def _jpeg_promise() -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, SIDE, SIDE, 3) + b"\1\x11\0\2\x11\0\3\x11\0"
    return b"\xff\xd8" + frame + b"\xff\xda" + struct.pack(">H", 12) + b"\3\1\0\2\0\3\0\0\x3f\0" + b"\0" * 50


def _webp_promise() -> bytes:
    size = (16_383).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _saved(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (512, 512), (9, 8, 7)).save(buffer, kind)
    return buffer.getvalue()


def _animated_gif() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("P", (512, 512), colour) for colour in range(5)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 1_000_000)
    return buffer.getvalue()
