"""Seeds are a promise: the same request and seed give the same picture, bit for bit, through the HTTP API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engines.types import EngineCard, Sampler
from tests.pictures import png
from tests.pipelines.serving import DRAWING, patient, size_of
from tests.running import Client, Server
from tests.wire.asking import image_to_image, picture, text_to_image

SEED = 90

every_engine = pytest.mark.parametrize("card", DRAWING, ids=lambda card: card.id)


def drawn(client: Client, card: EngineCard, seed: int, samples: int = 1, **changes: object) -> list[np.ndarray]:
    """The pictures of one text-to-image request."""
    width, height = size_of(card)
    answer = text_to_image(
        client, "v1", engine=card.id, seed=seed, samples=samples, width=width, height=height, **changes
    )
    return [picture(answer, index) for index in range(samples)]


@every_engine
def test_a_batch_of_four_equals_four_requests_of_one(real: Client, card: EngineCard) -> None:
    """Picture i of a batch is the one that its seed gives alone."""
    together = drawn(real, card, SEED, samples=4)
    alone = [drawn(real, card, SEED + index)[0] for index in range(4)]

    for batched, single in zip(together, alone, strict=True):
        assert np.array_equal(batched, single)
    assert not np.array_equal(together[0], together[1])


@pytest.mark.parametrize("sampler", [sampler.value for sampler in Sampler])
def test_the_third_of_four_equals_itself_alone(real: Client, sampler: str) -> None:
    """Also where a sampler draws noise of its own at every step."""
    card = next(card for card in DRAWING if card.id == "stable-diffusion-v1-6")

    together = drawn(real, card, SEED, samples=4, sampler=sampler)
    alone = drawn(real, card, SEED + 2, sampler=sampler)

    assert np.array_equal(together[2], alone[0])


def test_eight_clients_at_once_get_what_each_would_get_alone(real_server: Server) -> None:
    """Requests of different engines, seeds and samplers do not touch each other."""
    orders = [(DRAWING[index % len(DRAWING)], SEED + index, list(Sampler)[index]) for index in range(8)]

    def ask(order: tuple[EngineCard, int, Sampler]) -> np.ndarray:
        card, seed, sampler = order
        with patient(real_server) as client:
            return drawn(client, card, seed, sampler=sampler.value)[0]

    serial = [ask(order) for order in orders]
    with ThreadPoolExecutor(8) as crowd:
        concurrent = list(crowd.map(ask, orders))

    for one, other in zip(serial, concurrent, strict=True):
        assert np.array_equal(one, other)


def test_image_strength_of_one_gives_back_the_init_picture(real: Client) -> None:
    """No step is run, so not even the autoencoder touches the picture."""
    sent = png(512, 512)
    changes = {"init_image_mode": "IMAGE_STRENGTH"}

    untouched = picture(image_to_image(real, "v1", sent, image_strength=1, **changes))
    nearly = picture(image_to_image(real, "v1", sent, image_strength=0.9, **changes))

    original = picture(image_to_image(real, "v1", sent, image_strength=1, seed=7, **changes))
    assert np.array_equal(untouched, original)
    assert not np.array_equal(nearly, untouched)
