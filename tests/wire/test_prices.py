"""What each request costs, to the millionth of a credit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.pictures import png
from tests.running import Client, Server
from tests.wire.asking import credits_of, every_version, image_to_image, masking, text_to_image, upscale
from tests.wire.refusing import assert_error

SMALL_AT_30 = "0.200053"
SMALL_AT_50 = "0.333421"
LARGE_AT_50 = "1.513069"
BY_SIZE = (
    "stable-diffusion-v1",
    "stable-diffusion-v1-5",
    "stable-diffusion-512-v2-0",
    "stable-diffusion-512-v2-1",
    "stable-diffusion-depth-v2-0",
    "stable-inpainting-v1-0",
    "stable-inpainting-512-v2-0",
)
TALL = {"width": 640, "height": 1536}

PRICES = [
    *((engine, {"steps": 30}, SMALL_AT_30) for engine in BY_SIZE),
    *((engine, {"steps": 50}, SMALL_AT_50) for engine in BY_SIZE),
    ("stable-diffusion-768-v2-0", {"width": 768, "height": 768, "steps": 50}, LARGE_AT_50),
    ("stable-diffusion-768-v2-1", {"width": 768, "height": 768, "steps": 50}, LARGE_AT_50),
    ("stable-diffusion-v1-5", {"width": 768, "height": 768, "steps": 50}, LARGE_AT_50),
    ("stable-diffusion-v1-5", {"width": 1024, "height": 1024, "steps": 10}, "0.632915"),
    ("stable-diffusion-v1-5", {"steps": 30, "samples": 3}, "0.600159"),
    ("stable-diffusion-xl-beta-v2-2-2", {"steps": 30}, "0.500132"),
    ("stable-diffusion-xl-beta-v2-2-2", {"steps": 50}, "0.833553"),
    ("stable-diffusion-xl-beta-v2-2-2", {"width": 128, "height": 128, "steps": 50}, "0"),
    ("stable-diffusion-xl-1024-v0-9", {"steps": 30, **TALL}, "1.6"),
    ("stable-diffusion-xl-1024-v0-9", {"steps": 50, **TALL}, "2"),
    ("stable-diffusion-xl-1024-v0-9", {"steps": 40, **TALL}, "1.82768"),
    ("stable-diffusion-xl-1024-v0-9", {"steps": 10, **TALL}, "1.35323"),
    ("stable-diffusion-xl-1024-v1-0", {"steps": 10, **TALL}, "0.9"),
    ("stable-diffusion-xl-1024-v1-0", {"steps": 30, **TALL}, "0.9"),
    ("stable-diffusion-xl-1024-v1-0", {"steps": 50, **TALL}, "1.5"),
    ("stable-diffusion-v1-6", {"steps": 10}, "0.9"),
    ("stable-diffusion-v1-6", {"steps": 30}, "0.9"),
    ("stable-diffusion-v1-6", {"steps": 31}, "0.93"),
    ("stable-diffusion-v1-6", {"steps": 150}, "4.5"),
    ("stable-diffusion-v1-6", {"steps": ...}, "1.5"),
    ("stable-diffusion-v1-6", {"steps": 30, "samples": 4}, "3.6"),
    ("stable-diffusion-v1-6", {"steps": 30, "width": 1024, "height": 1024}, "0.9"),
]


def cost(client: Client, ask: Callable[[], requests.Response], version: str = "v1") -> Decimal:
    """What the balance loses by one request."""
    before = credits_of(client, version)
    answer = ask()
    assert answer.status_code == 200, answer.text
    return before - credits_of(client, version)


@pytest.mark.parametrize(("engine", "words", "price"), PRICES)
def test_price_of_a_drawing(client: Client, engine: str, words: dict[str, Any], price: str) -> None:
    """Exactly the published formula, times the samples."""
    assert cost(client, lambda: text_to_image(client, "v1", engine, **words)) == Decimal(price)


@every_version
def test_price_is_the_same_in_every_version(client: Client, version: str) -> None:
    """And for every task that draws: the size of the init image counts."""
    init, wide = png(), {"width": 1024, "height": 1024, "steps": 30}
    engine = "stable-diffusion-v1-5"

    prices = {
        cost(client, lambda: text_to_image(client, version, engine, steps=30), version),
        cost(client, lambda: image_to_image(client, version, init, engine, **wide), version),
        cost(client, lambda: masking(client, version, init, init, "MASK_IMAGE_WHITE", engine, **wide), version),
    }
    assert prices == {Decimal(SMALL_AT_30)}


@pytest.mark.parametrize(
    ("engine", "size", "fields", "price"),
    [
        ("esrgan-v1-x2plus", (64, 64), {}, "0.2"),
        ("esrgan-v1-x2plus", (512, 512), {"width": 2048}, "0.2"),
        ("stable-diffusion-x4-latent-upscaler", (64, 64), {}, "8"),
        ("stable-diffusion-x4-latent-upscaler", (512, 512), {"width": 512}, "8"),
        ("stable-diffusion-x4-latent-upscaler", (513, 512), {"width": 512}, "12"),
        ("stable-diffusion-x4-latent-upscaler", (768, 512), {"width": 512, "steps": 150}, "12"),
    ],
)
def test_price_of_upscaling(
    client: Client, engine: str, size: tuple[int, int], fields: dict[str, int], price: str
) -> None:
    """Flat, or by the size of what goes in."""
    assert cost(client, lambda: upscale(client, png(*size), engine, **fields)) == Decimal(price)


@every_version
def test_failed_requests_are_free(client: Client, version: str) -> None:
    """Whatever is refused costs nothing."""
    before = credits_of(client, version)
    refused = [
        text_to_image(client, version, steps=1),
        text_to_image(client, version, width=500),
        text_to_image(client, version, "nothing"),
        text_to_image(client, version, text_prompts=[{"text": "snuff film"}]),
        text_to_image(client, version, samples=2, headers={"Accept": "image/png"}),
        image_to_image(client, version, b"no picture"),
        masking(client, version, png(), None, "MASK_IMAGE_WHITE"),
    ]

    assert {answer.status_code for answer in refused} == {400, 404}
    assert credits_of(client, version) == before


@every_version
@pytest.mark.parametrize(
    ("words", "need"),
    [
        ({"steps": 30}, "0.009"),
        ({"steps": 50}, "0.015"),
        ({"steps": 30, "samples": 10}, "0.09"),
        ({"steps": 31}, "0.0093"),
    ],
)
def test_nothing_left(penniless: Client, version: str, words: dict[str, int], need: str) -> None:
    """429 with the recorded text, in dollars; never 402, and no ``Retry-After``."""
    answer = text_to_image(penniless, version, **words)

    text = (
        "Your organization does not have enough balance to request this action "
        f"(need ${need}, have $0 in active grants, $0 in balance)."
    )
    assert_error(answer, version, 429, "insufficient_balance", text)
    assert "Retry-After" not in answer.headers


@every_version
def test_a_balance_is_spent_to_the_last_picture(
    server: Server, new_account: Callable[[str], dict[str, Any]], version: str
) -> None:
    """The whole price of all samples must be there; what does not suffice is named and kept."""
    key = new_account("2.000001")["key"]["secret"]
    with Client(server.url, key) as member:
        too_many = text_to_image(member, version, steps=30, samples=3)
        fine = text_to_image(member, version, steps=30, samples=2)
        one_more = text_to_image(member, version, steps=30)

        text = assert_error(too_many, version, 429, "insufficient_balance")["message"]
        assert "(need $0.027, have $0 in active grants, $0.02000001 in balance)" in text
        assert fine.status_code == 200
        text = assert_error(one_more, version, 429, "insufficient_balance")["message"]
        assert "(need $0.009, have $0 in active grants, $0.00200001 in balance)" in text
        assert credits_of(member, version) == Decimal("0.200001")


@every_version
def test_free_requests_need_no_balance(penniless: Client, version: str) -> None:
    """A picture that costs nothing is drawn, and so is everything that only reads."""
    tiny = text_to_image(penniless, version, "stable-diffusion-xl-beta-v2-2-2", width=128, height=128)

    assert tiny.status_code == 200
    assert penniless.get(f"/{version}/engines/list").status_code == 200


@every_version
def test_mistakes_come_before_the_balance(penniless: Client, version: str) -> None:
    """Who cannot pay still learns what is wrong with the request."""
    assert_error(text_to_image(penniless, version, steps=1), version, 400, "bad_request")
    assert_error(
        text_to_image(penniless, version, text_prompts=[{"text": "snuff film"}]), version, 400, "invalid_prompts"
    )
