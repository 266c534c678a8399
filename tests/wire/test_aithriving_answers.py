"""aithriving: the shape of a success, and what it costs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.running import Client, Server
from tests.wire.aithriving_asking import SEED, ask, assert_failure, by_ratio, data, size
from tests.wire.asking import credits_of

TRIPS = "a nude figure in charcoal"


def test_a_success_has_code_message_and_data(client: Client) -> None:
    """200, code 0, `success`, and in the data the picture and its seed, in this order."""
    answer = ask(client)
    body = answer.json()

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert list(body) == ["code", "message", "data"]
    assert (body["code"], body["message"]) == (0, "success")
    assert list(body["data"]) == ["image", "seed"]


def test_the_answer_is_compact_json(client: Client) -> None:
    """Not one blank in it, as any JSON writer would have it."""
    answer = ask(client)

    assert answer.content == json.dumps(answer.json(), separators=(",", ":")).encode()


def test_image_is_a_png_in_base64(client: Client) -> None:
    """What the documented example writes into `result.png` is one."""
    image = data(ask(client))["image"]

    assert base64.b64decode(image, validate=True).startswith(b"\x89PNG\r\n\x1a\n")


def test_seed_is_the_one_that_was_sent(client: Client) -> None:
    """A number, not a text."""
    assert data(ask(client))["seed"] == SEED


@pytest.mark.parametrize("side", [(320, 320), (1536, 1536)])
def test_a_picture_costs_six_credits(client: Client, side: tuple[int, int]) -> None:
    """Whatever its size."""
    before = credits_of(client)
    ask(client, width=side[0], height=side[1])

    assert before - credits_of(client) == 6


def test_a_picture_of_another_engine_costs_six_credits(start: Callable[..., Server]) -> None:
    """The service's price, not the engine's."""
    with Client(start(UNDERSTUDY_MODELS="aithriving/core=stable-diffusion-v1-5").url) as client:
        before = credits_of(client)
        assert size(by_ratio(client, aspect_ratio="16:9")) == (1344, 768)

        assert before - credits_of(client) == 6


def test_failed_requests_are_free(client: Client) -> None:
    """Whatever is refused costs nothing."""
    before = credits_of(client)
    refused = [
        ask(client, prompt=...),
        ask(client, width=321),
        ask(client, width=...),
        ask(client, seed=-1),
        ask(client, style_preset="cubism"),
        ask(client, prompt="snuff film"),
        ask(client, prompt=TRIPS),
    ]

    assert {answer.status_code for answer in refused} == {400}
    assert credits_of(client) == before


def test_a_filtered_picture_is_a_failure(client: Client) -> None:
    """A success could not say that it is blurred, so the reason comes instead, free of charge."""
    before = credits_of(client)

    assert_failure(ask(client, prompt=TRIPS), 400, "The picture was withheld by the content filter.")
    assert credits_of(client) == before


def test_nothing_left(penniless: Client) -> None:
    """402 that says what it costs."""
    text = "Your credits do not suffice: a picture costs 6, and 0 are left."
    assert_failure(ask(penniless), 402, text)


def test_a_balance_is_spent_to_the_last_picture(server: Server, new_account: Callable[[str], dict[str, Any]]) -> None:
    """What does not suffice is named and kept."""
    with Client(server.url, new_account("11.5")["key"]["secret"]) as member:
        first, second = ask(member), ask(member)

        assert data(first)["seed"] == SEED
        text = "Your credits do not suffice: a picture costs 6, and 5.5 are left."
        assert_failure(second, 402, text)
        assert credits_of(member) == Decimal("5.5")


def test_mistakes_come_before_the_balance(penniless: Client) -> None:
    """Who cannot pay still learns what is wrong with the request."""
    assert_failure(ask(penniless, prompt=...), 400, "prompt: is required")
    assert_failure(ask(penniless, prompt="snuff film"), 400)
