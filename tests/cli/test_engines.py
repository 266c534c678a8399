"""`understudy engines`."""

from __future__ import annotations

import re

from engines.catalog import CARDS
from tests.cli.conftest import Read, Run


def test_the_list_is_a_table(run: Run) -> None:
    """One line for each engine, in the order of the API, with a price people can check."""
    lines = run("engines", "list").stdout.splitlines()
    assert re.fullmatch(r"Engine +Name +Tasks +Size +Steps +Credits", lines[0])
    assert [line.split()[0] for line in lines[2:]] == [card.id for card in CARDS]
    (v1_6,) = [line for line in lines if line.startswith("stable-diffusion-v1-6 ")]
    assert re.search(r"image-to-image, masking, text-to-image +512x512 +50 +1.50$", v1_6)


def test_the_list_for_scripts(read: Read) -> None:
    """Everything a card says, with an example price."""
    by_id = {engine["id"]: engine for engine in read("engines", "list")}
    assert list(by_id) == [card.id for card in CARDS]
    assert by_id["stable-diffusion-xl-1024-v0-9"]["example"] == {
        "width": 1024,
        "height": 1024,
        "steps": 50,
        "credits": 2.0,
    }
    assert by_id["esrgan-v1-x2plus"]["tasks"] == ["upscale"]
    assert by_id["esrgan-v1-x2plus"]["steps"] == {"default": 50, "minimum": 10, "maximum": 150}


def test_no_store_is_needed(run: Run) -> None:
    """Engines are known without Redis."""
    assert run("engines", "list", REDIS_URL="redis://127.0.0.1:1").exit_code == 0
