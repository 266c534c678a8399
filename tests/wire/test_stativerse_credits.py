"""What Stativerse's endpoints cost, and how much of it there is in a day."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator

import pytest

from tests.pictures import png
from tests.running import Client, Server
from tests.wire.stativerse_asking import CLASSIFY, COMPARE, DRAW, EDIT, ask, data, encoded, every_endpoint, refused
from understudy.testing import Understudy

DAY = 86_400
TWO = [encoded(png(64, 64)), encoded(png(64, 64, fill="red"))]


@pytest.mark.parametrize(
    ("endpoint", "changes", "price"),
    [
        (DRAW, {}, 4),
        (DRAW, {"resolution": [1024, 1024], "steps": 150}, 4),
        (DRAW, {"safety_check": True, "remove_background": True}, 4),
        (EDIT, {}, 4),
        (EDIT, {"image": TWO}, 4),
        (EDIT, {"prompt": ...}, 1),
        (EDIT, {"prompt": ..., "safety_check": True, "remove_background": True}, 1),
        (CLASSIFY, {}, 0.1),
        (CLASSIFY, {"input": ["a"] * 32, "choices": ["a"] * 64}, 3.2),
        (COMPARE, {}, 0.1),
        (COMPARE, {"input": ["a", "b", "c"]}, 0.3),
    ],
)
def test_prices(client: Client, endpoint: str, changes: dict[str, object], price: float) -> None:
    """A drawn picture costs 4 credits, one that is only processed 1, each text 0.1, out of the shared balance."""
    before = client.balance()
    data(ask(client, endpoint, **changes))

    assert client.balance() == pytest.approx(before - price)


@pytest.mark.parametrize(
    ("endpoint", "changes"),
    [(DRAW, {"steps": 0}), (EDIT, {"image": "!"}), (CLASSIFY, {"choices": []}), (COMPARE, {"input": 3})],
)
def test_failures_are_free(client: Client, endpoint: str, changes: dict[str, object]) -> None:
    """What is refused costs nothing."""
    before = client.balance()

    assert ask(client, endpoint, **changes).status_code == 400
    assert client.balance() == before


@every_endpoint
def test_insufficient_credits(penniless: Client, endpoint: str) -> None:
    """402, with what it takes and what is left."""
    price = "4" if endpoint in {DRAW, EDIT} else "0.1"

    refused(ask(penniless, endpoint), 402, "insufficient_credits", f"This takes {price} credits, and 0 are left.")


def test_insufficient_credits_for_processing(penniless: Client) -> None:
    """An edit that draws nothing has a price too."""
    refused(ask(penniless, EDIT, prompt=...), 402, "insufficient_credits", "This takes 1 credits, and 0 are left.")


@pytest.fixture(scope="module")
def double(start: Callable[..., Server]) -> Server:
    """A server in test mode, where every key has credits and a clock of its own, and 4.2 credits a day."""
    return start("--test", UNDERSTUDY_DAILY_CREDITS="4.2")


@pytest.fixture
def key() -> str:
    """A key that nobody used before."""
    return f"sk-test-{secrets.token_hex(6)}"


@pytest.fixture
def world(double: Server, key: str) -> Understudy:
    """What steers the world of the key, where a day has just begun."""
    world = Understudy(double.url, key)
    world.advance(DAY - time.time() % DAY + 10)
    return world


@pytest.fixture
def own(double: Server, key: str, world: Understudy) -> Iterator[Client]:
    """A client with the key."""
    with Client(double.url, key) as session:
        yield session


def test_the_credits_of_a_day(own: Client, world: Understudy) -> None:
    """All endpoints count together; then it is 429 with the seconds until midnight UTC, and nothing is charged."""
    for endpoint in (DRAW, CLASSIFY, COMPARE):
        data(ask(own, endpoint))
    before = world.balance
    answer = ask(own, DRAW)

    message = "This takes 4 credits, and 0 of today's are left; they are renewed at midnight UTC."
    refused(answer, 429, "daily_credits_exhausted", message)
    assert DAY - 120 < int(answer.headers["Retry-After"]) <= DAY - 10
    assert world.balance == before == pytest.approx(100 - 4.2)


@every_endpoint
def test_no_endpoint_goes_past_the_day(own: Client, endpoint: str) -> None:
    """Each of them is refused, and what is left of the day is named."""
    data(ask(own, DRAW))
    data(ask(own, CLASSIFY, input=["a", "b"]))

    said = refused(ask(own, endpoint), 429, "daily_credits_exhausted")

    assert "and 0 of today's are left" in said


def test_what_is_left_still_buys_something_small(own: Client) -> None:
    """After a picture there is enough for two texts, though not for another picture."""
    data(ask(own, DRAW))

    said = refused(ask(own, DRAW), 429, "daily_credits_exhausted")

    assert "This takes 4 credits, and 0.2 of today's are left" in said
    assert data(ask(own, CLASSIFY, input=["a", "b"]))["output"]


def test_processing_counts_as_well(own: Client) -> None:
    """Edits that draw nothing take their credit of the day too, and are refused when there is none left."""
    for _ in range(4):
        data(ask(own, EDIT, prompt=...))

    said = refused(ask(own, EDIT, prompt=...), 429, "daily_credits_exhausted")

    assert "This takes 1 credits, and 0.2 of today's are left" in said


def test_a_new_day_begins_at_midnight_utc(own: Client, world: Understudy) -> None:
    """Shortly before it is still refused; after as many seconds as the header said it works again."""
    data(ask(own, DRAW))
    wait = int(ask(own, DRAW).headers["Retry-After"])

    world.advance(wait - 60)
    still = ask(own, DRAW)
    world.advance(int(still.headers["Retry-After"]))

    refused(still, 429, "daily_credits_exhausted")
    assert data(ask(own, DRAW))["output"]


def test_what_was_given_back_counts_for_nothing(own: Client) -> None:
    """A blurred picture takes nothing of the day."""
    for _ in range(3):
        assert data(ask(own, DRAW, prompt="a nude figure in charcoal"))["nsfw_output_classifier"] == "nsfw"

    assert data(ask(own, DRAW))["output"]


def test_other_contracts_do_not_count(own: Client, world: Understudy) -> None:
    """The credits of the day are this contract's own: elsewhere only the balance counts."""
    data(ask(own, DRAW))
    body = {"text_prompts": [{"text": "a fox"}], "width": 320, "height": 320, "steps": 10}
    answers = [own.post("/v1/generation/stable-diffusion-v1-6/text-to-image", json=body) for _ in range(5)]

    assert [one.status_code for one in answers] == [200] * 5
    assert data(ask(own, CLASSIFY))["output"]
    assert world.balance == pytest.approx(100 - 4 - 5 * 0.9 - 0.1)


def test_the_day_is_counted_in_the_store(start: Callable[..., Server]) -> None:
    """On an ordinary server too, whose store keeps the count."""
    server = start(UNDERSTUDY_DAILY_CREDITS="8")
    with Client(server.url) as client:
        data(ask(client, DRAW))
        data(ask(client, DRAW))
        answer = ask(client, DRAW)

    refused(answer, 429, "daily_credits_exhausted")
    assert 1 <= int(answer.headers["Retry-After"]) <= DAY


def test_a_thousand_credits_a_day_are_usual(start: Callable[..., Server], key: str) -> None:
    """After 312 batches of 3.2 credits a picture is too much, though the balance would pay for it."""
    server = start("--test")
    with Client(server.url, f"{key}-c2000") as client:
        Understudy(server.url, f"{key}-c2000").advance(DAY - time.time() % DAY + 10)
        for _ in range(312):
            data(ask(client, CLASSIFY, input=["a"] * 32, choices=["a"]))
        said = refused(ask(client, DRAW), 429, "daily_credits_exhausted")

    assert "and 1.6 of today's are left" in said
