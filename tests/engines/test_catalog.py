"""The cards: their order, their names, their prices."""

from __future__ import annotations

import pytest

from engines.catalog import CARDS
from engines.prices import MICRO
from engines.types import EngineCard, Task

_IDS = [
    "esrgan-v1-x2plus",
    "stable-diffusion-xl-1024-v0-9",
    "stable-diffusion-xl-1024-v1-0",
    "stable-diffusion-v1",
    "stable-diffusion-v1-5",
    "stable-diffusion-v1-6",
    "stable-diffusion-512-v2-0",
    "stable-diffusion-768-v2-0",
    "stable-diffusion-depth-v2-0",
    "stable-diffusion-512-v2-1",
    "stable-diffusion-768-v2-1",
    "stable-diffusion-xl-beta-v2-2-2",
    "stable-diffusion-x4-latent-upscaler",
    "stable-inpainting-v1-0",
    "stable-inpainting-512-v2-0",
]
_FIRST = tuple(card for card in CARDS if card.era == 1)
_SECOND = tuple(card for card in CARDS if card.era == 2)


def _card(engine_id: str) -> EngineCard:
    return next(card for card in CARDS if card.id == engine_id)


def test_engines_are_listed_in_the_order_of_the_service() -> None:
    """A client that lists engines sees the fifteen ids in the order the service gave them."""
    assert [card.id for card in _FIRST] == _IDS


def test_engines_of_the_second_era_follow() -> None:
    """The later services' engines come after the fifteen, which the first interfaces list."""
    assert CARDS == _FIRST + _SECOND
    assert [card.id for card in _SECOND] == [
        "sd-core",
        "sd3-medium",
        "sd3-large",
        "sd3-large-turbo",
        "sd3.5-medium",
        "sd3.5-large",
        "sd3.5-large-turbo",
    ]


def test_engines_of_the_second_era_take_no_masks() -> None:
    """They draw and redraw; Stable Image Core only draws."""
    both = frozenset({Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE})

    assert _card("sd-core").tasks == {Task.TEXT_TO_IMAGE}
    assert {card.tasks for card in _SECOND if card.id != "sd-core"} == {both}


@pytest.mark.parametrize("size", [(1344, 768), (1024, 1024), (1536, 640), (832, 1216), (896, 1088)], ids=str)
def test_engines_of_the_second_era_draw_a_megapixel_in_every_shape(size: tuple[int, int]) -> None:
    """From 21:9 to 9:21, lying and standing."""
    for card in _SECOND:
        card.sizes.check(*size)
        card.sizes.check(*reversed(size))


def test_turbo_engines_draw_in_few_steps_and_unguided() -> None:
    """They may be asked for one step; where nothing is asked for, they take four in a single pass each."""
    turbo = [card for card in CARDS if card.id.endswith("-turbo")]

    assert len(turbo) == 2
    assert {(card.steps.default, card.steps.minimum, card.cfg_scale) for card in turbo} == {(4, 1, 1.0)}


def test_names_and_descriptions_are_the_services_own() -> None:
    """The names that look inconsistent are the ones the service used."""
    assert _card("stable-diffusion-v1").name == "Stable Diffusion v1.4"
    assert _card("stable-diffusion-xl-beta-v2-2-2").name == "Stable Diffusion v2.2.2-XL Beta"
    assert _card("stable-diffusion-depth-v2-0").description == "Stability-AI Stable Diffusion Depth v2.0"
    assert _card("esrgan-v1-x2plus").description == "Real-ESRGAN_x2plus upscaler model"


def test_upscalers_upscale_and_nothing_else() -> None:
    """Upscaling is offered by exactly the two upscalers, and they offer nothing else."""
    upscalers = {card.id: card.tasks for card in CARDS if Task.UPSCALE in card.tasks}
    assert upscalers == {
        "esrgan-v1-x2plus": frozenset({Task.UPSCALE}),
        "stable-diffusion-x4-latent-upscaler": frozenset({Task.UPSCALE}),
    }


def test_every_other_engine_draws_redraws_and_masks() -> None:
    """Ordinary engines take masks, and inpainting engines take text alone."""
    drawing = {Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.MASKING}
    assert all(card.tasks == drawing for card in _FIRST if Task.UPSCALE not in card.tasks)


def test_steps_default_to_fifty_within_ten_and_a_hundred_and_fifty() -> None:
    """A request without steps runs fifty, and 10 to 150 may be asked for."""
    assert {(card.steps.default, card.steps.minimum, card.steps.maximum) for card in _FIRST} == {(50, 10, 150)}


@pytest.mark.parametrize(
    ("engine_id", "width", "height", "steps", "credits"),
    [
        ("stable-diffusion-v1-5", 512, 512, 30, 0.2),
        ("stable-diffusion-v1-5", 512, 512, 50, 0.33),
        ("stable-diffusion-768-v2-1", 768, 768, 50, 1.51),
        ("stable-inpainting-v1-0", 512, 512, 30, 0.2),
        ("stable-diffusion-xl-beta-v2-2-2", 512, 512, 30, 0.5),
        ("stable-diffusion-xl-1024-v0-9", 1024, 1024, 30, 1.6),
        ("stable-diffusion-xl-1024-v0-9", 1024, 1024, 50, 2.0),
        ("stable-diffusion-xl-1024-v0-9", 1024, 1024, 40, 1.83),
        ("stable-diffusion-xl-1024-v1-0", 1024, 1024, 10, 0.9),
        ("stable-diffusion-xl-1024-v1-0", 1024, 1024, 30, 0.9),
        ("stable-diffusion-xl-1024-v1-0", 1024, 1024, 50, 1.5),
        ("stable-diffusion-v1-6", 512, 512, 30, 0.9),
        ("stable-diffusion-v1-6", 512, 512, 60, 1.8),
        ("esrgan-v1-x2plus", 512, 512, 50, 0.2),
        ("esrgan-v1-x2plus", 1024, 1024, 150, 0.2),
        ("stable-diffusion-x4-latent-upscaler", 512, 512, 50, 8.0),
        ("stable-diffusion-x4-latent-upscaler", 512, 513, 50, 12.0),
        ("sd-core", 1024, 1024, 150, 3.0),
        ("sd3-medium", 1024, 1024, 28, 3.5),
        ("sd3-large", 1536, 640, 28, 6.5),
        ("sd3-large-turbo", 1024, 1024, 4, 4.0),
        ("sd3.5-medium", 1024, 1024, 40, 3.5),
        ("sd3.5-large", 1024, 1024, 28, 6.5),
        ("sd3.5-large-turbo", 1024, 1024, 4, 4.0),
    ],
)
def test_a_picture_costs_what_the_price_list_says(
    engine_id: str, width: int, height: int, steps: int, credits: float
) -> None:
    """One picture costs, to two decimals, what the service published."""
    micro = _card(engine_id).price.per_picture(width, height, steps)
    assert round(micro / MICRO, 2) == credits


def test_prices_are_exact_to_the_micro_credit() -> None:
    """Prices follow the formula to the last micro-credit instead of being rounded to cents."""
    assert _card("stable-diffusion-v1-5").price.per_picture(512, 512, 30) == 200_053
    assert _card("stable-diffusion-v1-5").price.per_picture(512, 512, 50) == 333_421
    assert _card("stable-diffusion-xl-1024-v0-9").price.per_picture(1024, 1024, 150) == 4_526_750


def test_a_price_is_never_negative() -> None:
    """Very small pictures cost nothing rather than earning credits."""
    assert _card("stable-diffusion-v1-5").price.per_picture(128, 128, 50) == 0


def test_guidance_means_nothing_to_sdxl_alone() -> None:
    """Both of its versions ignore the presets, as there; every other engine takes them."""
    unguided = [card.id for card in _FIRST if not card.guided]

    assert unguided == ["stable-diffusion-xl-1024-v0-9", "stable-diffusion-xl-1024-v1-0"]
