"""aithriving: every field of the body, and what each of them does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.running import KEY, Client, Server
from tests.wire.aithriving_asking import PATH, PROMPT, SEED, ask, assert_failure, by_ratio, data, shown, size
from tests.wire.asking import picture, text_to_image
from tests.wire.serevix_asking import ask as ask_serevix
from tests.wire.serevix_asking import shown as shown_by_serevix
from tests.wire.test_serevix_parameters import SIZES, STYLES


def test_prompt_is_required(client: Client) -> None:
    """400 without it, or with an empty one, or with what is no text."""
    assert_failure(ask(client, prompt=...), 400, "prompt: is required")
    assert_failure(ask(client, prompt=""), 400, "prompt: cannot be empty")
    assert_failure(ask(client, prompt=7), 400, "prompt: must be a string")
    assert_failure(ask(client, prompt=None), 400, "prompt: must be a string")


def test_prompt_decides_what_is_drawn(client: Client) -> None:
    """Other words, another picture."""
    assert (shown(ask(client, prompt="a harbour at night")) != shown(ask(client))).any()


def test_prompt_may_have_ten_thousand_characters(client: Client) -> None:
    """As many as the engine's maker takes; one more is refused."""
    longest = ("fox ö " * 2000)[:10_000]

    assert ask(client, prompt=longest).status_code == 200
    assert_failure(ask(client, prompt=longest + "x"), 400, "prompt: cannot be longer than 10000 characters")


def test_half_of_a_character_is_a_question_mark(client: Client) -> None:
    """JSON can hold halves of surrogate pairs, which are no text."""
    broken = ask(client, prompt="a fox \ud800", negative_prompt="\udfff")

    assert broken.content == ask(client, prompt="a fox ?", negative_prompt="?").content


@pytest.mark.parametrize("side", [(320, 320), (1536, 1536), (320, 1536), (1536, 320), (1024, 1024), (640, 384)])
def test_width_and_height_are_the_size(client: Client, side: tuple[int, int]) -> None:
    """From 320 to 1536 in 64s, each by itself."""
    assert size(ask(client, width=side[0], height=side[1])) == side


@pytest.mark.parametrize("field", ["width", "height"])
@pytest.mark.parametrize(
    ("pixels", "text"),
    [
        (256, "must be greater than or equal to 320"),
        (319, "must be greater than or equal to 320"),
        (1537, "must be less than or equal to 1536"),
        (1600, "must be less than or equal to 1536"),
        (0, "must be greater than or equal to 320"),
        (-64, "must be greater than or equal to 320"),
        (512.5, "must be an integer"),
        ("512", "must be an integer"),
        (True, "must be an integer"),
    ],
)
def test_side_out_of_bounds(client: Client, field: str, pixels: object, text: str) -> None:
    """400 that names the side and its bound."""
    assert_failure(ask(client, **{field: pixels}), 400, f"{field}: {text}")


@pytest.mark.parametrize("side", [(321, 320), (320, 321), (1000, 1000), (1535, 384)])
def test_side_off_the_grid(client: Client, side: tuple[int, int]) -> None:
    """400: sides go in 64s."""
    answer = ask(client, width=side[0], height=side[1])

    assert_failure(answer, 400, "width and height must be multiples of 64")


@pytest.mark.parametrize(("sent", "missing"), [("width", "height"), ("height", "width")])
def test_one_side_without_the_other(client: Client, sent: str, missing: str) -> None:
    """400, with an aspect ratio or without: nobody can say what is meant."""
    assert_failure(ask(client, **{missing: ...}), 400, f"{missing}: is required")
    assert_failure(by_ratio(client, **{sent: 512, "aspect_ratio": "3:2"}), 400, f"{missing}: is required")


@pytest.mark.parametrize("ratio", SIZES)
def test_aspect_ratio_is_a_size(client: Client, ratio: str) -> None:
    """Without width and height it is one of nine sizes of about a megapixel, in 64s."""
    assert size(by_ratio(client, aspect_ratio=ratio)) == SIZES[ratio]


def test_a_square_is_the_default(client: Client) -> None:
    """Without any of the three it is 1:1."""
    assert by_ratio(client).content == by_ratio(client, aspect_ratio="1:1").content


def test_width_and_height_win(client: Client) -> None:
    """An aspect ratio beside them has no effect, but has to be one."""
    assert ask(client, aspect_ratio="16:9").content == ask(client).content
    assert_failure(ask(client, aspect_ratio="4:3"), 400)


@pytest.mark.parametrize("ratio", ["4:3", "1024x1024", "", 1])
def test_unknown_aspect_ratio(client: Client, ratio: object) -> None:
    """400 that lists the nine, or says that it is a text."""
    reason = assert_failure(by_ratio(client, aspect_ratio=ratio), 400)

    assert reason in {
        "aspect_ratio: must be one of 16:9, 1:1, 21:9, 2:3, 3:2, 4:5, 5:4, 9:16, 9:21",
        "aspect_ratio: must be a string",
    }


@pytest.mark.parametrize("seed", [1, 4294967294])
def test_seed_decides_the_picture(client: Client, seed: int) -> None:
    """The same seed gives the same answer and is reported, up to the largest one."""
    one, two = ask(client, seed=seed), ask(client, seed=seed)

    assert one.content == two.content
    assert data(one)["seed"] == seed
    assert (shown(one) != shown(ask(client, seed=2))).any()


@pytest.mark.parametrize("seed", [0, ...])
def test_seed_0_or_none_is_random(client: Client, seed: object) -> None:
    """Two requests have two seeds, and each can be drawn again by the seed it reports."""
    one, two = ask(client, seed=seed), ask(client, seed=seed)

    assert data(one)["seed"] != data(two)["seed"]
    assert 0 < data(one)["seed"] <= 4294967294
    assert ask(client, seed=data(one)["seed"]).content == one.content


@pytest.mark.parametrize(
    ("seed", "text"),
    [
        (4294967295, "must be less than or equal to 4294967294"),
        (-1, "must be greater than or equal to 0"),
        (1.5, "must be an integer"),
        ("1", "must be an integer"),
    ],
)
def test_seed_out_of_bounds(client: Client, seed: object, text: str) -> None:
    """400 that says what a seed may be."""
    assert_failure(ask(client, seed=seed), 400, f"seed: {text}")


def test_negative_prompt_changes_the_picture(client: Client) -> None:
    """What is to be kept out is part of the request; an empty text is none."""
    plain = ask(client).content

    assert ask(client, negative_prompt="trees").content != plain
    assert ask(client, negative_prompt="").content == plain


def test_negative_prompt_out_of_bounds(client: Client) -> None:
    """400 beyond ten thousand characters, and for what is no text."""
    assert ask(client, negative_prompt="x" * 10_000).status_code == 200
    assert_failure(
        ask(client, negative_prompt="x" * 10_001), 400, "negative_prompt: cannot be longer than 10000 characters"
    )
    assert_failure(ask(client, negative_prompt=1), 400, "negative_prompt: must be a string")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_changes_the_picture(client: Client, style: str) -> None:
    """Each of the seventeen is another picture than without a style."""
    assert (shown(ask(client, style_preset=style)) != shown(ask(client))).any()


def test_unknown_style(client: Client) -> None:
    """400 that lists the seventeen."""
    answer = ask(client, style_preset="cubism")

    assert_failure(answer, 400, f"style_preset: must be one of {', '.join(STYLES)}")


def test_unknown_fields_are_ignored(client: Client) -> None:
    """A field of another service changes nothing."""
    assert ask(client, output_format="webp", steps=3).content == ask(client).content


def test_null_is_the_same_as_nothing(client: Client) -> None:
    """In every field that may be left out."""
    names = ("width", "height", "aspect_ratio", "seed", "negative_prompt", "style_preset")
    bare = dict.fromkeys(names, ...)

    answer, other = (
        ask(client, **{**bare, "seed": 7, **changes})
        for changes in ({}, {name: None for name in names if name != "seed"})
    )

    assert answer.content == other.content
    assert ask(client, seed=None).json()["data"]["seed"] > 0


@pytest.mark.parametrize("key", [KEY, f"Bearer {KEY}", f"bearer {KEY}"])
def test_the_key_goes_without_bearer(server: Server, key: str) -> None:
    """As it is; the word before it does no harm."""
    with Client(server.url, key=None) as client:
        assert ask(client, headers={"Authorization": key}).status_code == 200


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", None])
def test_json_by_another_name_is_read(client: Client, media: str | None) -> None:
    """`requests.post(url, data=…)` and the like do not say what they send."""
    body = json.dumps({"prompt": PROMPT, "width": 320, "height": 320, "seed": SEED})
    answer = client.post(PATH, data=body, headers={"Content-Type": media})

    assert answer.content == ask(client).content


@pytest.mark.parametrize("accept", ["application/json", "image/*", "*/*", None])
def test_the_answer_is_json_whatever_is_accepted(client: Client, accept: str | None) -> None:
    """The service has no other form of answer."""
    assert ask(client, headers={"Accept": accept}).content == ask(client).content


def test_the_same_words_give_the_picture_of_serevix(client: Client) -> None:
    """Prompt, engine, size and seed decide alone."""
    theirs = ask_serevix(client, model="sd-core", aspect_ratio="3:2", negative_prompt="trees", style_preset="anime")

    ours = by_ratio(client, aspect_ratio="3:2", negative_prompt="trees", style_preset="anime")

    assert (shown(ours) == shown_by_serevix(theirs)).all()


@pytest.fixture(scope="module")
def mapped(start: Callable[..., Server]) -> Server:
    """A server whose owner has the service drawn by Stable Diffusion v1.6."""
    return start(UNDERSTUDY_MODELS="aithriving/core=stable-diffusion-v1-6")


def test_the_owner_may_name_another_engine(mapped: Server) -> None:
    """Its picture is that of v1 for the same words."""
    with Client(mapped.url) as client:
        ours = ask(client, width=640, height=384)
        theirs = text_to_image(client, "v1", "stable-diffusion-v1-6", width=640, height=384, steps=50)

    assert (shown(ours) == picture(theirs)).all()


def test_sizes_stay_those_of_the_service(start: Callable[..., Server]) -> None:
    """An engine with other sizes of its own draws what the service sells."""
    server = start(UNDERSTUDY_MODELS="aithriving/core=stable-diffusion-xl-1024-v1-0")
    with Client(server.url) as client:
        assert size(ask(client)) == (320, 320)
        assert size(ask(client, width=1536, height=1536)) == (1536, 1536)


def test_a_turbo_engine_keeps_nothing_out(start: Callable[..., Server]) -> None:
    """With one of those the negative prompt has no effect, and is no mistake."""
    with Client(start(UNDERSTUDY_MODELS="aithriving/core=sd3-large-turbo").url) as client:
        assert ask(client, negative_prompt="trees").content == ask(client).content
