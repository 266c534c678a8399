"""How many pixels an uploaded picture may have, and that nobody decodes more to find out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.fuzz.bad_pictures import png_bomb
from tests.fuzz.books import books
from tests.pictures import png
from tests.running import ROOT, Client, Server

PIXELS = 300_000
WORDS = {"text_prompts[0][text]": "a boat", "mask_source": "MASK_IMAGE_BLACK", "steps": "10"}
OPTIONS = {"options": '{"text_prompts": [{"text": "a boat"}], "mask_source": "MASK_IMAGE_BLACK", "steps": 10}'}
BOMB = """
import resource, sys
from pathlib import Path
from engines.codec import decode
from engines.errors import PictureTooLarge
from tests.pictures import png
decode(png(512, 512), 16_777_216)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(Path(sys.argv[1]).read_bytes(), 16_777_216)
except PictureTooLarge as refused:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(refused.pixels, after / before)
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that decodes little more than 512x512."""
    with Server(tmp_path_factory.mktemp("pictures") / "home", UNDERSTUDY_MAX_PIXELS=str(PIXELS)) as running:
        yield running


@pytest.mark.parametrize("field", ["init_image", "mask_image"])
def test_pictures_with_too_many_pixels_are_refused(small: Server, version: str, field: str) -> None:
    """The caller sees both figures and is not charged."""
    pictures = {"init_image": png(512, 512), "mask_image": png(512, 512, "L")} | {field: png(512, 640)}
    before = books(small)
    with Client(small.url) as client:
        answer = client.post(
            f"/{version}/generation/stable-diffusion-v1-5/image-to-image/masking",
            data=OPTIONS if version == "v1alpha" else WORDS,
            files=pictures,
        )

    assert answer.status_code == 400
    assert answer.json()["name"] == "invalid_pixel_count"
    assert "at most 300000 pixels, we received 327680" in answer.json()["message"]
    assert books(small) == before


def test_pictures_below_the_limit_are_taken(small: Server) -> None:
    """512x512 is still fine."""
    with Client(small.url) as client:
        answer = client.post(
            "/v1/generation/stable-diffusion-v1-5/image-to-image", data=WORDS, files={"init_image": png(512, 512)}
        )

    assert answer.status_code == 200


def test_bombs_are_refused_without_being_decoded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """900 megapixels in 120 KB: refused by the header, and the most memory ever used grows by less than a fifth."""
    bomb = tmp_path_factory.mktemp("bomb") / "bomb.png"
    bomb.write_bytes(png_bomb(60_000, 15_000))

    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(bomb)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    pixels, growth = done.stdout.split()
    assert bomb.stat().st_size < 200_000
    assert int(pixels) == 900_000_000
    assert float(growth) < 1.2
