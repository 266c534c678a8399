"""Everything that the service can answer, and what the client makes of it."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import replace

import pytest
from artist import PNG_BEGINS, Artist, Filtered, Refused, Unreachable

from understudy.testing import Understudy

REFUSALS = {
    "invalid_prompts": 400,
    "bad_request": 400,
    "invalid_height_or_width": 400,
    "invalid_sdxl_v1_dimensions": 400,
    "invalid_sdxl_v222_dimensions": 400,
    "invalid_pixel_count": 400,
    "invalid_samples": 400,
    "invalid_file_size": 400,
    "invalid_mime_type": 400,
    "invalid_image_dimensions": 400,
    "invalid_mask_image": 400,
    "unauthorized": 401,
    "permission_denied": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "content_too_large": 413,
    "unsupported_media_type": 415,
    "insufficient_balance": 429,
    "rate_limit_exceeded": 429,
    "too_many_requests": 429,
    "headers_too_large": 431,
    "server_error": 500,
}
"""The outcomes that are errors of the service, with their statuses."""

FAULTS = (
    "unavailable",
    "timeout",
    "connection_reset",
    "empty_reply",
    "truncated_picture",
    "wrong_content_length",
)
"""The outcomes that are no answer of the service."""


def test_no_outcome_is_forgotten(understudy: Understudy) -> None:
    """The tests below meet every outcome that the server can play."""
    with urllib.request.urlopen(f"{understudy.url}/_understudy/outcomes") as answer:
        known = {row["outcome"] for row in json.load(answer)["outcomes"]}

    assert {*REFUSALS, *FAULTS, "content_filtered"} == known


def test_a_picture(artist: Artist, understudy: Understudy) -> None:
    """A prompt becomes a PNG, and the price leaves the balance."""
    assert artist.draw("a lighthouse").startswith(PNG_BEGINS)
    assert artist.balance() == understudy.balance == 100 - 0.9


@pytest.mark.parametrize(("name", "status"), REFUSALS.items())
def test_refusals(artist: Artist, understudy: Understudy, name: str, status: int) -> None:
    """Each error reaches the program with its status and name, and costs nothing."""
    understudy.fail_next(name)

    with pytest.raises(Refused) as caught:
        artist.draw("a lighthouse")

    assert (caught.value.status, caught.value.name) == (status, name)
    assert understudy.balance == 100
    assert understudy.journal.expect(1, outcome=name)[0].status == status


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_the_network(artist: Artist, understudy: Understudy, fault: str) -> None:
    """Half answers and none at all are told from refusals, and cost nothing."""
    understudy.fail_next(fault)

    with pytest.raises(Unreachable):
        artist.draw("a lighthouse")

    assert understudy.balance == 100
    understudy.journal.expect(1, outcome=fault)


def test_a_filtered_picture(artist: Artist, understudy: Understudy) -> None:
    """The blurred picture is not taken for one, and costs nothing."""
    understudy.fail_next("content_filtered")

    with pytest.raises(Filtered):
        artist.draw("a lighthouse")

    assert understudy.balance == 100


def test_a_prompt_can_ask_for_an_outcome(artist: Artist) -> None:
    """Without any control API: the words in the prompt say what is to happen."""
    with pytest.raises(Refused, match="server_error"):
        artist.draw("understudy:server_error")


def test_it_tries_again_where_that_helps(artist: Artist, understudy: Understudy) -> None:
    """Two failures and a success are a success; the journal has all three."""
    understudy.fail_next("server_error", times=2)

    assert replace(artist, tries=3, pause=lambda _: None).draw("a lighthouse")
    assert [entry.status for entry in understudy.journal] == [500, 500, 200]


def test_it_does_not_try_again_where_that_is_vain(artist: Artist, understudy: Understudy) -> None:
    """A refused prompt stays refused, so it is sent once."""
    understudy.fail_next("invalid_prompts", times=None)

    with pytest.raises(Refused):
        replace(artist, tries=3, pause=lambda _: None).draw("a lighthouse")

    assert understudy.journal.count(operation="text-to-image") == 1


@pytest.mark.understudy(credits=0.5)
def test_too_few_credits(artist: Artist, understudy: Understudy) -> None:
    """The price is 0.9, the balance 0.5."""
    with pytest.raises(Refused, match="insufficient_balance"):
        artist.draw("a lighthouse")

    assert understudy.balance == 0.5


@pytest.mark.understudy(rate_limit={"requests": 2})
def test_a_lock_out_takes_no_time(artist: Artist, understudy: Understudy) -> None:
    """The third request locks the key out for a minute, which the clock of the world skips."""
    artist.balance()
    artist.balance()
    with pytest.raises(Refused, match="rate_limit_exceeded"):
        artist.balance()

    understudy.advance(60)

    assert artist.balance() == 100


def test_a_slow_answer_is_given_up(artist: Artist, understudy: Understudy) -> None:
    """The client waits two seconds, the answer takes ten."""
    understudy.latency(10)

    with pytest.raises(Unreachable, match="Timeout"):
        artist.draw("a lighthouse")


@pytest.mark.understudy(engines=["stable-diffusion-v1-6"])
def test_only_visible_engines_are_listed(artist: Artist) -> None:
    """An account may see one engine only."""
    assert artist.engines() == ["stable-diffusion-v1-6"]


def test_a_snapshot_brings_everything_back(artist: Artist, understudy: Understudy) -> None:
    """Balance and seeds go back, so the same unseeded request gives the same picture."""
    understudy.snapshot("before")
    first = artist.draw("a lighthouse")

    understudy.restore("before")

    assert artist.draw("a lighthouse") == first
    assert understudy.balance == 100 - 0.9


@pytest.mark.understudy(strict=True)
def test_strict_mode_finds_a_misspelt_field(artist: Artist) -> None:
    """The real service ignores a field it does not know; strict mode names it."""
    with pytest.raises(Refused, match="cfgscale"):
        artist.draw("a lighthouse", cfgscale=7)


def test_what_is_ignored_stands_in_the_journal(artist: Artist, understudy: Understudy) -> None:
    """Outside strict mode the request succeeds, and the journal warns."""
    artist.draw("a lighthouse", cfgscale=7)

    assert "cfgscale" in understudy.journal[0].findings[0]
