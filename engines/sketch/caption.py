"""The strip at the foot of a painting that says what it is: prompt, seed, size, engine."""

from __future__ import annotations

import unicodedata

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engines.types import EngineCard, GenerationRequest, Pixels

# Pillow's bitmap font is part of its source; outline fonts would be drawn by whichever FreeType is installed.
_FONT = ImageFont.load_default_imagefont()
_ROW = 11
_LETTER = 6
_MARGIN = 4
_LARGE = 700


def write_caption(pixels: Pixels, card: EngineCard, request: GenerationRequest, seed: int) -> None:
    """Write the caption over the foot of ``pixels``, in place."""
    height, width, _ = pixels.shape
    zoom = 2 if min(height, width) >= _LARGE else 1
    columns = (width // zoom - 2 * _MARGIN) // _LETTER
    said = " + ".join(prompt.text for prompt in request.prompts if prompt.weight > 0)
    facts = f"seed {seed}   {width}x{height}   {card.id}"
    ink = _ink((_shortened(said, columns), facts[:columns]), width // zoom).repeat(zoom, 0).repeat(zoom, 1)
    strip = pixels[height - ink.shape[0] :, : ink.shape[1]]
    strip >>= 1
    strip -= strip >> 2
    light = np.array([240, 236, 228], np.uint8)
    strip[ink] = light
    if ink.shape[1] < width:
        pixels[height - ink.shape[0] :, ink.shape[1] :] >>= 1


def printable(text: str) -> str:
    """The text in the letters that the font has: accents dropped, a question mark for each of the others."""
    folded = unicodedata.normalize("NFKD", text)
    shown = (letter for letter in folded if not unicodedata.combining(letter))
    return "".join(" " if letter.isspace() else letter if " " <= letter <= "~" else "?" for letter in shown)


def _shortened(text: str, columns: int) -> str:
    text = " ".join(printable(text[: 4 * columns]).split())
    return text if len(text) <= columns else text[: max(0, columns - 3)].rstrip() + "..."


def _ink(rows: tuple[str, ...], width: int) -> Pixels:
    """Where letters are, as booleans; a row per text."""
    sheet = Image.new("1", (width, len(rows) * _ROW + 2 * _MARGIN - 1))
    pen = ImageDraw.Draw(sheet)
    for place, row in enumerate(rows):
        pen.text((_MARGIN, _MARGIN + place * _ROW), row, fill=1, font=_FONT)
    return np.asarray(sheet)
