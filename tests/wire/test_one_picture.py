"""One prompt, engine, size, steps, guidance and seed: the same picture through every contract, from one account."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from app.dialects.served import SERVED
from engines.catalog import CARDS
from engines.prices import MICRO
from tests.drawing import STEPS, WAYS, Drawn, Wish, draw, settings
from tests.pictures import png
from tests.running import Client, Server

SDXL = "stable-diffusion-xl-1024-v1-0"
V16 = "stable-diffusion-v1-6"
ALL = tuple(WAYS)
OTHER_SIZES: dict[str, dict[tuple[int, int], set[str]]] = {
    SDXL: {(1344, 768): {"stablecog"}},
    V16: {(512, 768): {"serevix"}},
}
"""By engine, and which contracts do not have the size."""
WITHOUT_START = {"aithriving"}
"""Contracts that draw from words alone."""
SEED_0 = ("stablecog", "stativerse")
"""Contracts for which 0 is a seed; for the others it asks for any."""
FLAT = {"aithriving": 6, "stablecog": 1, "stativerse": 4}
"""What a picture costs in credits where that is not the engine's own price."""


@pytest.fixture(scope="module", params=[SDXL, V16])
def drawing(request: pytest.FixtureRequest, start: Callable[..., Server]) -> tuple[str, Server]:
    """An engine, and a server on which every contract can draw with it."""
    return request.param, start(UNDERSTUDY_CREDITS="100000", **settings(request.param))


@pytest.fixture
def client(drawing: tuple[str, Server]) -> Iterator[Client]:
    """A client of that server."""
    with Client(drawing[1].url, drawing[1].key) as session:
        yield session


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A picture to start from."""
    return png(1024, 1024)


@pytest.fixture(scope="module")
def address(picture: bytes) -> Iterator[str]:
    """Where the picture to start from can be fetched."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/start.png"
        server.shutdown()


def test_every_contract_is_asked() -> None:
    """No contract that is served is missing here."""
    assert [kind.contract for kind in SERVED] == list(WAYS)


def assert_alike(drawn: dict[str, Drawn], seed: int) -> None:
    """The same pixels through each, and the seed that was sent."""
    first, *others = drawn
    for other in others:
        assert np.array_equal(drawn[first].pixels, drawn[other].pixels), f"{other} draws another picture than {first}"
    assert {name: one.seed for name, one in drawn.items()} == dict.fromkeys(drawn, seed)


@pytest.mark.parametrize("negative", ["", "people, ships"])
def test_the_same_picture_through_all_contracts(drawing: tuple[str, Server], client: Client, negative: str) -> None:
    """Not one byte of a pixel differs, with and without a negative prompt."""
    wish = Wish(drawing[0], negative=negative)

    drawn = {contract: draw(client, contract, wish) for contract in ALL}

    assert drawn["v1"].pixels.shape == (1024, 1024, 3)
    assert_alike(drawn, wish.seed)


def test_other_sizes(drawing: tuple[str, Server], client: Client) -> None:
    """In every size that several contracts know for an engine, they draw the same picture in it."""
    engine = drawing[0]
    for size, unable in OTHER_SIZES[engine].items():
        wish = Wish(engine, size=size, seed=77)

        drawn = {contract: draw(client, contract, wish) for contract in ALL if contract not in unable}

        assert {one.pixels.shape for one in drawn.values()} == {(size[1], size[0], 3)}
        assert_alike(drawn, wish.seed)


def test_seed_0_is_one_seed(drawing: tuple[str, Server], client: Client) -> None:
    """Where 0 is a seed like any other, it is the same picture."""
    first, second = (draw(client, contract, Wish(drawing[0], seed=0)) for contract in SEED_0)

    assert np.array_equal(first.pixels, second.pixels)


def test_the_same_picture_from_another_one(
    drawing: tuple[str, Server], client: Client, picture: bytes, address: str
) -> None:
    """Whether it comes as a file, as base64 or as an address: what is made of it is the same to the last byte."""
    wish = Wish(drawing[0], negative="people", start=picture, address=address)

    drawn = {contract: draw(client, contract, wish) for contract in ALL if contract not in WITHOUT_START}

    assert_alike(drawn, wish.seed)
    assert not np.array_equal(drawn["v1"].pixels, draw(client, "v1", Wish(drawing[0], negative="people")).pixels)


def test_one_key_and_one_balance(drawing: tuple[str, Server], client: Client) -> None:
    """The key works in all contracts, and each takes its own price out of the one balance, to the micro-credit."""
    engine = drawing[0]
    card = next(card for card in CARDS if card.id == engine)
    own = card.price.per_picture(1024, 1024, STEPS)
    before = balance(client)

    charged = {}
    for contract in ALL:
        draw(client, contract, Wish(engine))
        after = balance(client)
        charged[contract], before = before - after, after

    assert charged == {contract: FLAT[contract] * MICRO if contract in FLAT else own for contract in ALL}
    assert client.get("/v1/credits").json()["total_remaining_credits"] * MICRO == before


def test_an_unknown_key_works_in_none(drawing: tuple[str, Server]) -> None:
    """Every contract asks for the same keys."""
    with Client(drawing[1].url, "sk-" + "unknown" * 6) as stranger:
        for contract, (ask, _) in WAYS.items():
            assert ask(stranger, Wish(drawing[0])).status_code == 401, contract


def balance(client: Client) -> int:
    """The balance in micro-credits."""
    credits = client.get("/v1/user/balance").text.partition(":")[2].rstrip("}")
    return int(Fraction(credits) * MICRO)
