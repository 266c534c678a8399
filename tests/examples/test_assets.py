"""The pictures that the examples upload are the ones their script draws."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from PIL import Image

ASSETS = Path(__file__).resolve().parents[2] / "examples" / "assets"
EXPECTED = {
    "init_image.png": ("RGB", (512, 512)),
    "init_image_1024.png": ("RGB", (1024, 1024)),
    "init_image_alpha.png": ("RGBA", (512, 512)),
    "mask_image_black.png": ("L", (512, 512)),
    "mask_image_white.png": ("L", (512, 512)),
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Image.Image]:
    """What make.py draws now, by file name."""
    pictures: dict[str, Image.Image] = runpy.run_path(str(ASSETS / "make.py"))["pictures"]()
    return pictures


@pytest.mark.parametrize("name", EXPECTED)
def test_committed_picture_is_what_the_script_draws(name: str, drawn: dict[str, Image.Image]) -> None:
    """Running make.py again changes no pixel of a committed picture."""
    with Image.open(ASSETS / name) as committed:
        assert (committed.mode, committed.size) == EXPECTED[name]
        assert committed.tobytes() == drawn[name].tobytes()


def test_no_picture_is_forgotten(drawn: dict[str, Image.Image]) -> None:
    """Every picture in the folder is drawn by make.py, and every drawn one is committed."""
    assert {path.name for path in ASSETS.glob("*.png")} == set(drawn) == set(EXPECTED)


def test_masks_leave_both_colours_and_a_soft_edge() -> None:
    """A mask has pixels to keep, pixels to replace and greys between them; the two masks are inverses."""
    with Image.open(ASSETS / "mask_image_black.png") as black, Image.open(ASSETS / "mask_image_white.png") as white:
        levels = set(black.tobytes())
        assert {0, 255} < levels
        assert bytes(255 - level for level in black.tobytes()) == white.tobytes()
