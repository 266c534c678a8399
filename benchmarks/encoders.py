"""Measures PNG encoders in time and size, on sketches and on pictures with grain, and writes a Markdown table.

Run it in a checkout: `python benchmarks/encoders.py`. Encoders that the plain installation does not bring are
measured only where they are installed: `pip install isal opencv-python-headless zlib-ng fpng`.
"""

from __future__ import annotations

import importlib
import platform
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import deflate
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engines.catalog import CARDS  # noqa: E402 -- only now on the path
from engines.codec import encode_png  # noqa: E402
from engines.sketch.family import draw  # noqa: E402
from engines.types import GenerationRequest, Prompt, Task  # noqa: E402

Pixels = NDArray[np.uint8]
Encoder = Callable[[Pixels], Any]

SIDES = (512, 1024, 2048)
ROUNDS = 5
UP, SUB = 2, 1


def main() -> None:
    """Measure every encoder on every picture."""
    pictures = {(kind, side): make(side) for kind, make in (("sketch", sketch), ("grain", grain)) for side in SIDES}
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    heads = [f"{kind} {side}" for kind, side in pictures]
    lines = [f"{time.strftime('%Y-%m-%d')}, {machine}: ms of the processor, kB", ""]
    lines += [f"| encoder | {' | '.join(heads)} |", "|--|" + "--:|" * len(heads)]
    for name, encoder in encoders():
        cells = [measured(encoder, pixels) for pixels in pictures.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(lines) + "\n")


def measured(encoder: Encoder, pixels: Pixels) -> str:
    """The least time of the rounds and the size, once the pixels are known to come back as they were."""
    data = bytes(encoder(pixels))
    if not np.array_equal(np.asarray(Image.open(BytesIO(data)).convert("RGB")), pixels):
        raise SystemExit("this encoder does not give back the picture")
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        encoder(pixels)
        times.append(time.process_time() - began)
    return f"{min(times) * 1000:.1f}, {len(data) / 1000:.0f}"


def encoders() -> Iterator[tuple[str, Encoder]]:
    """Ours, those that can be made of what is always there, and those that are installed."""
    yield "**ours**", encode_png
    for level in (1, 2, 6):
        yield f"Up, libdeflate {level}", filtered(UP, lambda rows, level=level: deflate.zlib_compress(rows, level))
    yield "Sub, libdeflate 1", filtered(SUB, lambda rows: deflate.zlib_compress(rows, 1))
    yield "Up, zlib 1", filtered(UP, lambda rows: zlib.compress(rows, 1))
    for level in (1, 6):
        yield f"Pillow {level}", lambda pixels, level=level: pillow(pixels, level)
    if isal := installed("isal.isal_zlib"):
        for level in (0, 1, 3):
            yield f"Up, ISA-L {level}", filtered(UP, lambda rows, level=level: isal.compress(rows, level))
    if zlib_ng := installed("zlib_ng.zlib_ng"):
        yield "Up, zlib-ng 1", filtered(UP, lambda rows: zlib_ng.compress(rows, 1))
    if cv2 := installed("cv2"):
        for name, strategy in (("", cv2.IMWRITE_PNG_STRATEGY_DEFAULT), (", RLE", cv2.IMWRITE_PNG_STRATEGY_RLE)):
            options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, strategy]
            yield f"OpenCV 1{name}", lambda pixels, options=options: opencv(cv2, pixels, options)
    if fpng := installed("fpng"):
        yield "fpng", fpng.from_ndarray


def filtered(kind: int, compress: Callable[[Any], bytes]) -> Encoder:
    """A PNG of rows that all have one filter."""

    def encode(pixels: Pixels) -> bytes:
        height, width, channels = pixels.shape
        raw = pixels.reshape(height, width * channels)
        rows = np.empty((height, width * channels + 1), np.uint8)
        rows[:, 0] = kind
        body = rows[:, 1:]
        body[:] = raw
        if kind == UP:
            np.subtract(raw[1:], raw[:-1], out=body[1:])
        else:
            np.subtract(raw[:, channels:], raw[:, :-channels], out=body[:, channels:])
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunks = (b"IHDR", header), (b"IDAT", compress(rows.data)), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)

    return encode


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return b"".join(
        (struct.pack(">I", len(body)), kind, body, struct.pack(">I", deflate.crc32(body, deflate.crc32(kind))))
    )


def pillow(pixels: Pixels, level: int) -> bytes:
    """What most programs use."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def opencv(cv2: Any, pixels: Pixels, options: list[int]) -> bytes:
    """OpenCV takes blue first."""
    return bytes(cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1])


def installed(name: str) -> Any:
    """The module, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def sketch(side: int) -> Pixels:
    """What the embedded engines draw; large ones are what they enlarge."""
    card = next(card for card in CARDS if card.id == ("stable-diffusion-v1-6" if side == 512 else "esrgan-v1-x2plus"))
    if side == 512:
        prompts = (Prompt("a lighthouse on a cliff at sunset, sailing boats, gulls"),)
        request = GenerationRequest(Task.TEXT_TO_IMAGE, card.id, side, side, 7, prompts=prompts)
    else:
        request = GenerationRequest(Task.UPSCALE, card.id, side, side, 7, init=sketch(side // 2))
    return draw(card, request, 7, caption=True).pixels


def grain(side: int) -> Pixels:
    """Soft forms with the noise of a camera, which is what real engines give."""
    dice = np.random.default_rng(7)
    scene = np.zeros((side, side, 3), np.int16)
    for cells, strength in ((6, 160), (24, 64), (96, 24)):
        small = Image.fromarray(dice.integers(0, 256, (cells, cells, 3), np.uint8))
        scene += np.asarray(small.resize((side, side), Image.Resampling.BICUBIC)).astype(np.int16) * strength // 256
    scene += dice.normal(0, 3, scene.shape).astype(np.int16)
    return scene.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
