"""Draws the pictures that the example scripts upload; run it again after a change and commit what it wrote."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

HERE = Path(__file__).parent

# Everything is drawn on a square of 2048 units and made smaller afterwards, which smooths the edges.
CANVAS = 2048
BALLOON = (1130, 330, 1670, 930)
MASKED = (1000, 210, 1800, 1330)

Colour = tuple[int, int, int]


def pictures() -> dict[str, Image.Image]:
    """All pictures by file name."""
    scene = _scene()
    init = _shrunk(scene, 512)
    black = _mask(512)
    alpha = init.copy()
    alpha.putalpha(black)
    return {
        "init_image.png": init,
        "init_image_1024.png": _shrunk(scene, 1024),
        "init_image_alpha.png": alpha,
        "mask_image_black.png": black,
        "mask_image_white.png": ImageChops.invert(black),
    }


def _scene() -> Image.Image:
    """A balloon over a lake between hills, in the late afternoon."""
    image = _gradient((112, 172, 214), (250, 222, 176), CANVAS)
    draw = ImageDraw.Draw(image)
    draw.ellipse((330, 560, 610, 840), fill=(255, 238, 190))
    _cloud(draw, 240, 330)
    _cloud(draw, 820, 520)
    _hills(draw, 1130, 150, 1.3, 0.4, (142, 160, 178))
    _hills(draw, 1290, 110, 2.1, 2.2, (104, 138, 134))
    image.paste(_gradient((222, 196, 164), (84, 132, 160), 420).resize((CANVAS, 420)), (0, 1420))
    _ripples(draw)
    _hills(draw, 1760, 70, 0.9, 1.0, (78, 116, 72))
    _hills(draw, 1890, 50, 1.7, 4.0, (58, 92, 60))
    for x, size in ((210, 250), (390, 330), (560, 230), (1800, 290)):
        _fir(draw, x, 1880, size)
    _balloon(draw)
    return image


def _gradient(top: Colour, bottom: Colour, side: int) -> Image.Image:
    ramp = Image.linear_gradient("L").resize((side, side), Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", (side, side), bottom), Image.new("RGB", (side, side), top), ramp)


def _hills(draw: ImageDraw.ImageDraw, base: int, height: int, waves: float, phase: float, colour: Colour) -> None:
    crest = [
        (x, base - round(height * (math.sin(waves * x / 326 + phase) + 0.4 * math.sin(waves * x / 119))))
        for x in range(0, CANVAS + 16, 16)
    ]
    draw.polygon([(0, CANVAS), *crest, (CANVAS, CANVAS)], fill=colour)


def _cloud(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    for dx, dy, radius in ((0, 0, 62), (92, -34, 84), (196, -12, 70), (276, 8, 50)):
        draw.ellipse((x + dx - radius, y + dy - radius, x + dx + radius, y + dy + radius), fill=(246, 240, 232))
    draw.rectangle((x, y, x + 276, y + 58), fill=(246, 240, 232))


def _ripples(draw: ImageDraw.ImageDraw) -> None:
    for row in range(9):
        y = 1460 + 36 * row
        for column in range(5):
            x = (column * 467 + row * 293) % CANVAS
            draw.line((x, y, x + 90 + 14 * row, y), fill=(236, 222, 198), width=7)


def _fir(draw: ImageDraw.ImageDraw, x: int, foot: int, size: int) -> None:
    draw.rectangle((x - size // 20, foot - size // 6, x + size // 20, foot + 30), fill=(84, 62, 48))
    for tier in range(3):
        low, high, half = foot - tier * size // 4, foot - (tier + 2) * size // 4, size // 4 - tier * size // 18
        draw.polygon([(x - half, low), (x, high), (x + half, low)], fill=(38, 76 + 8 * tier, 58))


def _balloon(draw: ImageDraw.ImageDraw) -> None:
    left, top, right, bottom = BALLOON
    middle, basket = (left + right) // 2, bottom + 190
    for edge in (left + 150, right - 150):
        draw.line((edge, bottom - 60, middle + (edge - middle) // 3, basket), fill=(92, 66, 50), width=9)
    draw.polygon(
        [(left + 60, 760), (right - 60, 760), (middle + 90, bottom + 60), (middle - 90, bottom + 60)],
        fill=(198, 74, 58),
    )
    for inset, colour in ((0, (198, 74, 58)), (86, (240, 176, 78)), (186, (226, 96, 66))):
        draw.ellipse((left + inset, top, right - inset, bottom), fill=colour)
    draw.rounded_rectangle((middle - 80, basket, middle + 80, basket + 120), 24, fill=(136, 92, 58))


def _mask(side: int) -> Image.Image:
    """Black over the balloon and a little air around it, white elsewhere, grey at the soft edge."""
    mask = Image.new("L", (CANVAS, CANVAS), 255)
    ImageDraw.Draw(mask).ellipse(MASKED, fill=0)
    return _shrunk(mask, side).filter(ImageFilter.GaussianBlur(side / 42))


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    return image.resize((side, side), Image.Resampling.BOX)


if __name__ == "__main__":
    for name, picture in pictures().items():
        picture.save(HERE / name, optimize=True)
        print(HERE / name)
