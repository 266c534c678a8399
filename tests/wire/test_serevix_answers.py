"""Serevix: what comes back beside the pixels, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.codec import encode_png
from tests.pictures import png
from tests.running import Client, Server
from tests.wire.asking import credits_of
from tests.wire.serevix_asking import MODEL, SEED, ask, assert_error, redraw, shown, size

TRIPS = "a nude figure in charcoal"
PRICES = {
    "sd-core": "3",
    "sd3-medium": "3.5",
    "sd3-large": "6.5",
    "sd3-large-turbo": "4",
    "sd3.5-medium": "3.5",
    "sd3.5-large": "6.5",
    "sd3.5-large-turbo": "4",
    "stable-diffusion-v1-6": "1.5",
    "stable-diffusion-xl-1024-v1-0": "1.5",
}


def test_a_picture_is_the_bytes_and_three_headers(client: Client) -> None:
    """200, the picture as it is, what it is, its seed, and how it ended."""
    answer = ask(client)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Seed"] == str(SEED)
    assert answer.headers["Finish-Reason"] == "SUCCESS"


@pytest.mark.parametrize(("form", "media"), [("png", "image/png"), ("jpeg", "image/jpeg")])
def test_content_type_is_that_of_the_format(client: Client, form: str, media: str) -> None:
    """The bytes are what the header says."""
    answer = ask(client, output_format=form)

    assert answer.headers["Content-Type"] == media
    assert shown(answer, form.upper()).shape == (1024, 1024, 3)


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_a_filtered_picture_is_blurred_and_free(client: Client, form: str) -> None:
    """200 with the finish reason in its header; nothing is charged."""
    before = credits_of(client)
    answer = ask(client, prompt=TRIPS, output_format=form)

    found = shown(answer, form.upper())
    assert answer.headers["Finish-Reason"] == "CONTENT_FILTERED"
    assert np.abs(np.diff(found, axis=1)).mean() < 1.5
    assert credits_of(client) == before


@pytest.mark.parametrize("side", [(512, 512), (500, 333)])
@pytest.mark.parametrize("strength", [0, 0.5])
def test_a_filtered_picture_has_the_size_of_its_picture(client: Client, side: tuple[int, int], strength: float) -> None:
    """Blurred as well where nothing was to be changed: what was asked for counts."""
    before = credits_of(client)
    answer = redraw(client, png(*side), strength, prompt=TRIPS)

    assert answer.headers["Finish-Reason"] == "CONTENT_FILTERED"
    assert size(answer) == side
    assert credits_of(client) == before


def test_a_filtered_picture_shows_nothing_of_its_picture(client: Client) -> None:
    """Fine stripes that nothing was to be changed in do not come back as they were sent."""
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255

    found = shown(redraw(client, encode_png(stripes), 0, prompt=TRIPS))

    assert np.abs(np.diff(found, axis=1)).mean() < 1.5


@pytest.mark.parametrize(("model", "price"), PRICES.items())
def test_a_picture_costs_what_its_engine_costs(client: Client, model: str, price: str) -> None:
    """The published prices of each model, with the engine's own number of steps."""
    before = credits_of(client)
    ask(client, model=model)

    assert before - credits_of(client) == Decimal(price)


def test_a_redrawn_picture_costs_the_same(client: Client) -> None:
    """Whatever its size."""
    before = credits_of(client)
    redraw(client, png(500, 333))

    assert before - credits_of(client) == Decimal(PRICES[MODEL])


def test_failed_requests_are_free(client: Client) -> None:
    """Whatever is refused costs nothing."""
    before = credits_of(client)
    refused = [
        ask(client, prompt=...),
        ask(client, model="nothing"),
        ask(client, prompt="snuff film"),
        ask(client, seed=-1),
        ask(client, headers={"Accept": "application/json"}),
        ask(client, png()),
        redraw(client, b"no picture"),
        redraw(client, png(), model="sd-core"),
    ]

    assert {answer.status_code for answer in refused} == {400, 404, 406}
    assert credits_of(client) == before


def test_nothing_left(penniless: Client) -> None:
    """429 that says what it costs, without a time to try again."""
    answer = ask(penniless, model="sd3-large")

    text = "Your credits do not suffice: this picture costs 6.5, and 0 are left."
    assert_error(answer, 429, "insufficient_quota", text, kind="insufficient_quota")
    assert "Retry-After" not in answer.headers


def test_a_balance_is_spent_to_the_last_picture(server: Server, new_account: Callable[[str], dict[str, Any]]) -> None:
    """What does not suffice is named and kept."""
    with Client(server.url, new_account("8.25")["key"]["secret"]) as member:
        first, second = ask(member, model="sd3-large"), ask(member, model="sd3-large")

        text = "Your credits do not suffice: this picture costs 6.5, and 1.75 are left."
        assert first.status_code == 200
        assert_error(second, 429, "insufficient_quota", text, kind="insufficient_quota")
        assert credits_of(member) == Decimal("1.75")


def test_mistakes_come_before_the_balance(penniless: Client) -> None:
    """Who cannot pay still learns what is wrong with the request."""
    assert_error(ask(penniless, prompt=...), 400, "missing_parameter", None, "prompt")
    assert_error(ask(penniless, prompt="snuff film"), 400, "content_policy_violation", None, "prompt")


def test_the_owner_may_have_a_model_drawn_by_another_engine(make_server: Callable[..., Server]) -> None:
    """Its pictures and price are then those of that engine; what the model cannot do stays the same."""
    server = make_server(UNDERSTUDY_MODELS="serevix/sd-core=stable-diffusion-v1-6")
    with Client(server.url) as client:
        before = credits_of(client)
        core = ask(client, model="sd-core")
        spent = before - credits_of(client)

        assert core.content == ask(client, model="stable-diffusion-v1-6").content
        assert spent == Decimal("1.5")
        assert ask(client, model="sd-core", style_preset="anime").status_code == 200
        assert_error(redraw(client, png(), model="sd-core"), 400, "unsupported_mode", None, "mode")
