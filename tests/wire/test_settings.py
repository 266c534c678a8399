"""What settings change for clients: captions and default steps."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.running import VERSIONS, Client, Server
from tests.wire.asking import credits_of, picture, text_to_image


def test_caption_can_be_switched_off(make_server: Callable[..., Server], client: Client) -> None:
    """Without it only a strip of the picture differs: the caption is small."""
    with Client(make_server("--no-caption").url) as bare:
        for version in VERSIONS:
            with_caption, without = picture(text_to_image(client, version)), picture(text_to_image(bare, version))

            rows = (with_caption != without).any(axis=(1, 2))
            assert 0 < rows.mean() < 0.2


def test_default_steps_for_all_engines(make_server: Callable[..., Server]) -> None:
    """Without ``steps`` the default counts, for the picture and the price; what is sent wins."""
    with Client(make_server(UNDERSTUDY_DEFAULT_STEPS="60").url) as client:
        for version in VERSIONS:
            before = credits_of(client)
            absent = text_to_image(client, version, steps=...)
            assert before - credits_of(client) == Decimal("1.8")
            assert absent.content == text_to_image(client, version, steps=60).content
            assert absent.content != text_to_image(client, version, steps=50).content


def test_default_steps_for_one_engine(make_server: Callable[..., Server]) -> None:
    """An engine can have its own; the others keep theirs."""
    with Client(
        make_server(UNDERSTUDY_DEFAULT_STEPS="stable-diffusion-v1-6=30,stable-diffusion-v1-5=20").url
    ) as client:
        prices = []
        for engine in ("stable-diffusion-v1-6", "stable-diffusion-v1-5", "stable-diffusion-v1"):
            before = credits_of(client)
            text_to_image(client, "v1", engine, steps=...)
            prices.append(before - credits_of(client))

    assert prices == [Decimal("0.9"), Decimal("0.133368"), Decimal("0.333421")]
