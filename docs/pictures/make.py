"""Draws `sheet.png`, the contact sheet of the README, through the HTTP API of a running server.

    API_HOST=http://127.0.0.1:8080 STABILITY_API_KEY=sk-... python docs/pictures/make.py

Equal requests give equal pictures, so that running it again changes nothing unless the sketches did. It needs what
`make test` installs.
"""

from __future__ import annotations

import base64
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parents[1] / "examples" / "assets"
HOST = os.environ.get("API_HOST", "http://127.0.0.1:8080")
KEY = os.environ.get("STABILITY_API_KEY", "")

TILE, GAP, FOOT = 196, 12, 24
COLUMNS = 4
PAPER, INK = "white", (40, 40, 40)
HARBOUR = "a harbour with sailing boats at sunset"
SDXL = "stable-diffusion-xl-1024-v1-0"

Tile = tuple[str, Image.Image]


def main() -> None:
    """Draw every tile and write the sheet."""
    tiles = [*from_words(), *in_styles(), *from_pictures()]
    arranged(tiles).save(HERE / "sheet.png", optimize=True)


def from_words() -> list[Tile]:
    """Four prompts on four engines."""
    wanted = (
        ("stable-diffusion-v1-6", 512, "a lighthouse on a cliff at sunset", 11),
        ("stable-diffusion-512-v2-1", 512, "a castle in the snow", 4),
        (SDXL, 1024, "skyline of a city by the sea", 3),
        ("stable-diffusion-768-v2-1", 768, "a sailing boat under the moon", 8),
    )
    return [(prompt, text_to_image(engine, side, prompt, seed)) for engine, side, prompt, seed in wanted]


def in_styles() -> list[Tile]:
    """One prompt and one seed in four styles."""
    styles = ("origami", "pixel-art", "neon-punk", "line-art")
    return [(f"style_preset {style}", text_to_image(SDXL, 1024, HARBOUR, 5, style_preset=style)) for style in styles]


def from_pictures() -> list[Tile]:
    """An init picture and a mask, half of the way away from the picture, and its masked part made anew."""
    init = (ASSETS / "init_image.png").read_bytes()
    mask = (ASSETS / "mask_image_white.png").read_bytes()
    words = {"text_prompts[0][text]": "a castle on a hill at dusk", "seed": "2"}
    mixed = form("image-to-image", {"image_strength": "0.5", "init_image_mode": "IMAGE_STRENGTH"} | words, init)
    masked = form("image-to-image/masking", {"mask_source": "MASK_IMAGE_WHITE"} | words, init, mask)
    return [
        ("an init picture", Image.open(BytesIO(init))),
        ("a mask: white is made anew", Image.open(BytesIO(mask))),
        ("image_strength 0.5", mixed),
        ("masking", masked),
    ]


def text_to_image(engine: str, side: int, prompt: str, seed: int, **more: str) -> Image.Image:
    """A picture from a prompt."""
    body = {"text_prompts": [{"text": prompt}], "width": side, "height": side, "seed": seed, "steps": 30, **more}
    return sent(engine, "text-to-image", json=body)


def form(operation: str, fields: dict[str, str], init: bytes, mask: bytes | None = None) -> Image.Image:
    """A picture from a picture."""
    files = {"init_image": init} | ({"mask_image": mask} if mask else {})
    return sent("stable-diffusion-v1-6", operation, data=fields, files=files)


def sent(engine: str, operation: str, **body: Any) -> Image.Image:
    """The first picture of the answer."""
    url = f"{HOST}/v1/generation/{engine}/{operation}"
    answer = requests.post(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60, **body)
    if not answer.ok:
        raise SystemExit(answer.text)
    return Image.open(BytesIO(base64.b64decode(answer.json()["artifacts"][0]["base64"])))


def arranged(tiles: list[Tile]) -> Image.Image:
    """The tiles in rows, each with its name below."""
    rows = -(-len(tiles) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (TILE + GAP) + GAP, rows * (TILE + FOOT + GAP) + GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for place, (name, picture) in enumerate(tiles):
        left = GAP + place % COLUMNS * (TILE + GAP)
        top = GAP + place // COLUMNS * (TILE + FOOT + GAP)
        sheet.paste(picture.convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS), (left, top))
        pen.text((left, top + TILE + 4), name, fill=INK, font=font)
    return sheet


if __name__ == "__main__":
    main()
