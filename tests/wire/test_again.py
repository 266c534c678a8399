"""What is asked for again: the same bytes, paid for again, whether the server remembers pictures or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from tests.pictures import png
from tests.running import Client, Server
from tests.wire import serevix_asking as serevix
from tests.wire import stativerse_asking as stativerse
from tests.wire.asking import image_to_image, masking, text_to_image, upscale

Ask = Callable[[Client], requests.Response]

PHOTO, OTHER = png(512, 512, fill="navy"), png(512, 512, fill="olive")
MASK, CLEAR = png(512, 512, "L"), png(512, 512, "RGBA")
PNG = {"Accept": "image/png"}

ASKED: dict[str, Ask] = {
    "a picture": lambda client: text_to_image(client, "v1"),
    "a picture as PNG": lambda client: text_to_image(client, "v1", headers=PNG),
    "another seed": lambda client: text_to_image(client, "v1", seed=5),
    "three samples": lambda client: text_to_image(client, "v1", samples=3),
    "another prompt": lambda client: text_to_image(client, "v1", text_prompts=[{"text": "a barn"}]),
    "a style": lambda client: text_to_image(client, "v1", style_preset="anime"),
    "another scale": lambda client: text_to_image(client, "v1", cfg_scale=9),
    "the other version": lambda client: text_to_image(client, "v1beta"),
    "from a picture": lambda client: image_to_image(client, "v1", PHOTO, image_strength=0.4),
    "from a picture, less of it": lambda client: image_to_image(client, "v1", PHOTO, image_strength=0.3),
    "from another picture": lambda client: image_to_image(client, "v1", OTHER, image_strength=0.4),
    "black mask": lambda client: masking(client, "v1", PHOTO, MASK, "MASK_IMAGE_BLACK"),
    "white mask": lambda client: masking(client, "v1", PHOTO, MASK, "MASK_IMAGE_WHITE"),
    "transparent": lambda client: masking(client, "v1", CLEAR, None, "INIT_IMAGE_ALPHA"),
    "nothing transparent": lambda client: masking(client, "v1", PHOTO, None, "INIT_IMAGE_ALPHA"),
    "larger": lambda client: upscale(client, PHOTO, headers=PNG),
}


@pytest.fixture(scope="module")
def forgetful(start: Callable[..., Server]) -> Iterator[Client]:
    """A server that draws everything anew."""
    with Client(start(UNDERSTUDY_PICTURE_MEMORY="0").url) as client:
        yield client


@pytest.mark.parametrize("asked", ASKED)
def test_the_answer_is_the_same_again(client: Client, forgetful: Client, asked: str) -> None:
    """The first answer, the second, and that of a server that remembers nothing do not differ in a byte."""
    ask = ASKED[asked]

    answers = [ask(client), ask(client), ask(forgetful)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].content == answers[1].content == answers[2].content
    kept = ("content-type", "content-length", "seed", "finish-reason")
    assert len({tuple(answer.headers.get(name) for name in kept) for answer in answers}) == 1


@pytest.mark.parametrize("form", ["Base64 PNG", "Base64 JPEG", "RGBA 1D"])
@pytest.mark.parametrize("changes", [{}, {"prompt": ...}, {"resolution": [128, 64]}, {"post_resolution": [96, 96]}])
def test_an_edit_is_the_same_again(client: Client, forgetful: Client, form: str, changes: dict[str, Any]) -> None:
    """Stativerse draws, crops and writes the same picture for pictures that are sent again, also as a list of one."""
    sent = stativerse.encoded(png(80, 64, fill="navy"))
    asked = [(client, sent), (client, [sent]), (client, sent), (forgetful, sent)]

    answers = [
        stativerse.ask(who, stativerse.EDIT, **{"image": image, "output_format": form, **changes})
        for who, image in asked
    ]

    outputs = [stativerse.data(answer)["output"] for answer in answers]
    assert all(output == outputs[0] for output in outputs)


@pytest.mark.parametrize("accept", ["image/png", "image/jpeg"])
@pytest.mark.parametrize(("side", "strength"), [(512, 0.5), (200, 0.5), (200, 0)])
def test_a_redrawn_picture_is_the_same_again(
    client: Client, forgetful: Client, accept: str, side: int, strength: float
) -> None:
    """Serevix scales what it draws from back and forth, to the same bytes each time."""
    image = png(side, side, fill="navy")

    answers = [serevix.redraw(who, image, strength, headers={"Accept": accept}) for who in (client, client, forgetful)]

    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers} == {(200, accept)}
    assert len({answer.content for answer in answers}) == 1


def test_different_requests_have_different_answers(client: Client) -> None:
    """Nothing that is remembered is taken for something else."""
    alike = {"the other version", "a picture as PNG"}

    answers = {ask(client).content for name, ask in ASKED.items() if name not in alike}

    assert len(answers) == len(ASKED) - len(alike)


def test_what_is_remembered_is_paid_for(start: Callable[..., Server]) -> None:
    """The same request costs the same each time."""
    with Client(start().url) as own:
        before = own.get("/v1/user/balance").json()["credits"]
        one, two, three = (_left_after(own) for _ in range(3))

    assert Decimal(str(before)) - one == one - two == two - three > 0


def test_what_is_remembered_is_filtered_by_who_asks(start: Callable[..., Server]) -> None:
    """A filtered picture stays blurred and is never handed out as the picture itself, or the other way round."""
    with Client(start().url) as own:
        filtered = [text_to_image(own, "v1", text_prompts=[{"text": "naked"}]) for _ in range(2)]
        asked = [{"text": "naked", "weight": -1}, {"text": "a barn"}]
        fine = [text_to_image(own, "v1", text_prompts=asked) for _ in range(2)]

    reasons = [answer.json()["artifacts"][0]["finishReason"] for answer in (*filtered, *fine)]
    assert reasons == ["CONTENT_FILTERED"] * 2 + ["SUCCESS"] * 2
    assert filtered[0].content == filtered[1].content
    assert fine[0].content == fine[1].content


def _left_after(client: Client) -> Decimal:
    assert text_to_image(client, "v1", samples=2, steps=50).status_code == 200
    return Decimal(str(client.get("/v1/user/balance").json()["credits"]))
