"""Serevix: the fields that go with words alone, and what each of them does."""

from __future__ import annotations

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.types import Task
from tests.running import Client
from tests.wire.asking import text_to_image
from tests.wire.serevix_asking import PATH, PROMPT, SEED, ask, assert_error, shown, size

MODELS = ("sd-core", "sd3-medium", "sd3-large", "sd3-large-turbo", "sd3.5-medium", "sd3.5-large", "sd3.5-large-turbo")
OTHERS = tuple(card.id for card in CARDS if card.era == 1 and Task.TEXT_TO_IMAGE in card.tasks)
SMALL_ONLY = "stable-diffusion-xl-beta-v2-2-2"
SIZES = {
    "16:9": (1344, 768),
    "1:1": (1024, 1024),
    "21:9": (1536, 640),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
STYLES = (
    "3d-model",
    "analog-film",
    "anime",
    "cinematic",
    "comic-book",
    "digital-art",
    "enhance",
    "fantasy-art",
    "isometric",
    "line-art",
    "low-poly",
    "modeling-compound",
    "neon-punk",
    "origami",
    "photographic",
    "pixel-art",
    "tile-texture",
)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_of_the_service_draws(client: Client, model: str) -> None:
    """Each model of the service answers a picture of a megapixel, and no two the same one."""
    answer = ask(client, model=model)

    assert size(answer) == (1024, 1024)
    assert (answer.content != ask(client, model="sd3-medium").content) == (model != "sd3-medium")


@pytest.mark.parametrize("model", [engine for engine in OTHERS if engine != SMALL_ONLY])
def test_every_other_engine_draws_by_its_id(client: Client, model: str) -> None:
    """The list of models is open: whatever the server can draw with is a model."""
    assert size(ask(client, model=model)) == (1024, 1024)


def test_an_engine_for_small_pictures_is_refused(client: Client) -> None:
    """An engine that does not draw a megapixel says so."""
    answer = ask(client, model=SMALL_ONLY)

    text = "The model cannot draw this: at most 512x896 or 896x512, got 1024x1024."
    assert_error(answer, 400, "unsupported_size", text, "aspect_ratio")


def test_model_is_required(client: Client) -> None:
    """400 without it, or with an empty one."""
    assert_error(ask(client, model=...), 400, "missing_parameter", "model: is required", "model")
    assert_error(ask(client, model=""), 400, "invalid_parameter", "model: cannot be empty", "model")


def test_prompt_is_required(client: Client) -> None:
    """400 without it, or with an empty one."""
    assert_error(ask(client, prompt=...), 400, "missing_parameter", "prompt: is required", "prompt")
    assert_error(ask(client, prompt=""), 400, "invalid_parameter", "prompt: cannot be empty", "prompt")


def test_prompt_decides_what_is_drawn(client: Client) -> None:
    """Other words, another picture."""
    assert (shown(ask(client, prompt="a harbour at night")) != shown(ask(client))).any()


def test_prompt_may_have_ten_thousand_characters(client: Client) -> None:
    """Characters, not bytes; one more is refused."""
    longest = ("fox ö " * 2000)[:10_000]

    assert ask(client, prompt=longest).status_code == 200
    text = "prompt: cannot be longer than 10000 characters"
    assert_error(ask(client, prompt=longest + "x"), 400, "invalid_parameter", text, "prompt")


def test_text_to_image_is_the_default_mode(client: Client) -> None:
    """Leaving the mode out is the same as asking for it."""
    assert ask(client).content == ask(client, mode="text-to-image").content


def test_text_to_image_needs_only_a_prompt(client: Client) -> None:
    """Model and prompt are enough."""
    assert ask(client, seed=...).status_code == 200


def test_unknown_mode(client: Client) -> None:
    """400 that lists the two."""
    text = "mode: must be one of text-to-image, image-to-image"
    assert_error(ask(client, mode="masking"), 400, "invalid_parameter", text, "mode")


def test_negative_prompt_changes_the_picture(client: Client) -> None:
    """What is to be kept out is part of the request; an empty text is none."""
    plain = ask(client).content

    assert ask(client, negative_prompt="trees").content != plain
    assert ask(client, negative_prompt="").content == plain


@pytest.mark.parametrize("model", ["sd3-large-turbo", "sd3.5-large-turbo"])
def test_negative_prompt_is_not_for_turbo(client: Client, model: str) -> None:
    """400 that names the model; an empty one does no harm."""
    answer = ask(client, model=model, negative_prompt="a cat")

    text = f"negative_prompt: cannot be sent together with model {model}"
    assert_error(answer, 400, "unsupported_parameter", text, "negative_prompt")
    assert ask(client, model=model, negative_prompt="").status_code == 200


def test_negative_prompt_may_have_ten_thousand_characters(client: Client) -> None:
    """As many as the prompt."""
    assert ask(client, negative_prompt="x" * 10_000).status_code == 200
    assert_error(ask(client, negative_prompt="x" * 10_001), 400, "invalid_parameter", None, "negative_prompt")


@pytest.mark.parametrize("seed", [1, 4294967294])
def test_seed_decides_the_picture(client: Client, seed: int) -> None:
    """The same seed gives the same picture and is reported, up to the largest one."""
    one, two = ask(client, seed=seed), ask(client, seed=seed)

    assert one.content == two.content
    assert one.headers["Seed"] == str(seed)
    assert one.content != ask(client, seed=2).content


@pytest.mark.parametrize("seed", [0, ...])
def test_seed_0_or_none_is_random(client: Client, seed: object) -> None:
    """Two requests have two seeds, and each can be drawn again by the seed it reports."""
    one, two = ask(client, seed=seed), ask(client, seed=seed)

    assert one.headers["Seed"] != two.headers["Seed"]
    assert 0 < int(one.headers["Seed"]) <= 4294967294
    assert ask(client, seed=one.headers["Seed"]).content == one.content


@pytest.mark.parametrize(
    ("seed", "text"),
    [
        ("4294967295", "must be less than or equal to 4294967294"),
        ("-1", "must be greater than or equal to 0"),
        ("1.5", "must be an integer"),
        ("x", "must be an integer"),
        ("", "must be an integer"),
    ],
)
def test_seed_out_of_bounds(client: Client, seed: str, text: str) -> None:
    """400 that says what a seed may be."""
    assert_error(ask(client, seed=seed), 400, "invalid_parameter", f"seed: {text}", "seed")


@pytest.mark.parametrize("ratio", SIZES)
def test_aspect_ratio_is_a_size(client: Client, ratio: str) -> None:
    """About a megapixel, sides in 64s, within three per cent of the ratio."""
    width, height = size(ask(client, aspect_ratio=ratio))

    across, down = (int(part) for part in ratio.split(":"))
    assert (width, height) == SIZES[ratio]
    assert (width % 64, height % 64) == (0, 0)
    assert width * height / 1024**2 == pytest.approx(1, rel=0.07)
    assert width / height == pytest.approx(across / down, rel=0.03)


def test_a_square_is_the_default(client: Client) -> None:
    """Leaving the ratio out is 1:1."""
    assert ask(client).content == ask(client, aspect_ratio="1:1").content


@pytest.mark.parametrize("ratio", ["4:3", "1024x1024", "16/9", ""])
def test_unknown_aspect_ratio(client: Client, ratio: str) -> None:
    """400 that lists the nine."""
    text = "aspect_ratio: must be one of 16:9, 1:1, 21:9, 2:3, 3:2, 4:5, 5:4, 9:16, 9:21"
    assert_error(ask(client, aspect_ratio=ratio), 400, "invalid_parameter", text, "aspect_ratio")


def test_png_is_the_default_format(client: Client) -> None:
    """Leaving the format out is PNG."""
    answer = ask(client)

    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content == ask(client, output_format="png").content


def test_jpeg_shows_the_same_picture(client: Client) -> None:
    """JPEG loses a little and says what it is."""
    answer = ask(client, output_format="jpeg")

    assert answer.headers["Content-Type"] == "image/jpeg"
    assert np.abs(shown(answer, "JPEG") - shown(ask(client))).mean() < 4


@pytest.mark.parametrize("form", ["webp", "PNG", "jpg", ""])
def test_unknown_output_format(client: Client, form: str) -> None:
    """400 that lists the two."""
    text = "output_format: must be one of jpeg, png"
    assert_error(ask(client, output_format=form), 400, "invalid_parameter", text, "output_format")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_changes_a_core_picture(client: Client, style: str) -> None:
    """Each of the seventeen is another picture than without a style."""
    styled = shown(ask(client, model="sd-core", style_preset=style))

    assert (styled != shown(ask(client, model="sd-core"))).any()


def test_unknown_style(client: Client) -> None:
    """400 that lists the seventeen."""
    text = f"style_preset: must be one of {', '.join(STYLES)}"
    answer = ask(client, model="sd-core", style_preset="cubism")
    assert_error(answer, 400, "invalid_parameter", text, "style_preset")


@pytest.mark.parametrize("model", [model for model in (*MODELS, "stable-diffusion-v1-6") if model != "sd-core"])
def test_styles_are_only_for_core(client: Client, model: str) -> None:
    """400 with any other model."""
    answer = ask(client, model=model, style_preset="anime")

    text = f"style_preset: cannot be sent together with model {model}"
    assert_error(answer, 400, "unsupported_parameter", text, "style_preset")


@pytest.mark.parametrize(
    "accept", ["image/*", "image/png", "image/*;q=0.5", "*/*", None, "application/json, image/*", "image/jpeg, */*"]
)
def test_accept_lets_a_picture_through(client: Client, accept: str | None) -> None:
    """`image/*`, PNG, everything, lists that hold one of them, or no header at all: PNG."""
    assert ask(client, headers={"Accept": accept}).headers["Content-Type"] == "image/png"


def test_accept_of_jpeg_alone_is_jpeg(client: Client) -> None:
    """A client that takes no PNG gets JPEG, unless it says another format itself."""
    headers = {"Accept": "image/jpeg"}

    assert ask(client, headers=headers).headers["Content-Type"] == "image/jpeg"
    assert ask(client, headers=headers, output_format="png").headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("accept", ["application/json", "text/html, text/*;q=0.8", "image/webp", "image/*;q=0", "x"])
def test_accept_without_a_picture(client: Client, accept: str) -> None:
    """406: the header must be `image/*`."""
    text = f"Accept must be image/*, but we received {accept}"
    assert_error(ask(client, headers={"Accept": accept}), 406, "not_acceptable", text)


def test_a_key_without_bearer_is_understood(client: Client) -> None:
    """The documented header says `Bearer`; the bare key will do."""
    key = str(client.headers["Authorization"]).removeprefix("Bearer ")

    assert ask(client, headers={"Authorization": key}).status_code == 200


def test_unknown_fields_are_ignored(client: Client) -> None:
    """A field of another service, such as `steps`, changes nothing."""
    assert ask(client, steps=10, n=3).content == ask(client).content


def test_fields_with_a_file_name_are_fields(client: Client) -> None:
    """`curl -F` and other clients may send texts as files; the last of two fields counts."""
    parts = [("model", ("m.txt", "sd3-medium")), ("prompt", ("", "x")), ("prompt", (None, PROMPT)), ("seed", SEED)]
    files = [(name, value if isinstance(value, tuple) else (None, str(value))) for name, value in parts]

    assert client.post(PATH, files=files).content == ask(client).content


def test_the_same_words_give_the_picture_of_v1(client: Client) -> None:
    """Prompt, engine, size and seed decide alone: the gateway and v1 draw the same bytes."""
    wide = {"width": 1344, "height": 768, "steps": 50, "cfg_scale": 7, "seed": 7}
    prompts = [{"text": PROMPT, "weight": 1}, {"text": "trees", "weight": -1}]
    theirs = text_to_image(client, "v1", "stable-diffusion-v1-6", {"Accept": "image/png"}, text_prompts=prompts, **wide)

    ours = ask(client, model="stable-diffusion-v1-6", aspect_ratio="16:9", seed=7, negative_prompt="trees")

    assert ours.content == theirs.content
