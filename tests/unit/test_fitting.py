"""Pictures of any size come to an engine in the nearest size that it draws, and random seeds fit their service."""

from __future__ import annotations

import pytest

from app import seeds
from app.dialects.aithriving import reading as aithriving
from app.dialects.serevix import reading as serevix
from app.dialects.serevix.fitting import nearest
from engines.catalog import CARDS
from engines.types import MAX_SEED, Task

CARD = {card.id: card for card in CARDS}
DRAWING = tuple(card for card in CARDS if Task.IMAGE_TO_IMAGE in card.tasks)
SIZES = ((64, 64), (64, 4000), (333, 500), (512, 512), (1024, 1024), (1537, 65), (4000, 3000))


@pytest.mark.parametrize("card", DRAWING, ids=lambda card: card.id)
@pytest.mark.parametrize("size", SIZES)
def test_every_engine_finds_a_size_for_every_picture(card, size: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    """Whatever it is, the engine's own rule takes it."""
    card.sizes.check(*nearest(card.sizes, *size))


@pytest.mark.parametrize(
    ("engine", "size", "expected"),
    [
        ("sd3-medium", (1024, 1024), (1024, 1024)),
        ("sd3-medium", (512, 576), (512, 576)),
        ("sd3-medium", (500, 520), (512, 512)),
        ("sd3-medium", (1000, 1500), (1024, 1536)),
        ("sd3-medium", (256, 128), (768, 384)),
        ("sd3-medium", (4000, 3000), (1408, 1088)),
        ("stable-diffusion-xl-1024-v1-0", (800, 600), (1152, 896)),
    ],
)
def test_the_nearest_size_keeps_the_proportions(engine: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    """A size that can be drawn is taken as it is; any other is scaled a little rather than squeezed."""
    assert nearest(CARD[engine].sizes, *size) == expected


def test_a_random_seed_is_one_that_the_service_takes() -> None:
    """The largest seed of the engines is one more than these services know."""
    before = seeds.source.set(lambda: MAX_SEED)
    try:
        words = {"prompt": "a fox", "mode": "text-to-image", "aspect_ratio": "1:1", "seed": 0}
        found = {module.text_to_image(CARD["sd-core"], words).seed for module in (serevix, aithriving)}
    finally:
        seeds.source.reset(before)

    assert found == {MAX_SEED - 1}
