"""Stablecog: each parameter of a request, what it does and where it ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.running import Client
from tests.wire.asking import picture, text_to_image
from tests.wire.stablecog_asking import (
    CREATE,
    DPM_2M,
    EULER,
    KANDINSKY,
    OLDER,
    P_SAMPLER,
    PROMPT,
    SD15,
    SDXL,
    SEED,
    ask,
    assert_error,
    outputs,
    settings,
    shown,
    size,
)

AT_MOST = 1024 * 1024 * 30
LESS_THAN = 50 * 640 * 640
OPTIONAL = (
    *("negative_prompt", "model_id", "scheduler_id", "width", "height", "num_outputs", "guidance_scale"),
    *("inference_steps", "seed", "init_image_url", "prompt_strength"),
)


def test_a_prompt_is_enough(client: Client) -> None:
    """Four pictures of the default model in its size; the settings tell every default."""
    answer = client.post(CREATE, json={"prompt": PROMPT})

    told = settings(answer)
    assert told.pop("seed") == outputs(answer)[0]["seed"]
    assert told == {
        "prompt": PROMPT,
        "negative_prompt": "",
        "model_id": KANDINSKY,
        "scheduler_id": P_SAMPLER,
        "width": 768,
        "height": 768,
        "num_outputs": 4,
        "guidance_scale": 7,
        "inference_steps": 30,
        "prompt_strength": 0.6,
    }
    assert len(outputs(answer)) == 4
    assert size(client, answer) == (768, 768)


def test_the_older_path_does_the_same(client: Client) -> None:
    """``/v1/image/generate`` draws the same picture from the same words."""
    older, newer = ask(client, OLDER), ask(client)

    assert settings(older) == settings(newer)
    assert (shown(client, older) == shown(client, newer)).all()


def test_the_prompt_says_what_is_drawn(client: Client) -> None:
    """Another prompt is another picture."""
    assert (shown(client, ask(client)) != shown(client, ask(client, prompt="a lighthouse at night"))).any()


@pytest.mark.parametrize("sent", [{}, {"prompt": ""}, {"negative_prompt": "fog"}])
def test_the_prompt_is_required(client: Client, sent: dict[str, Any]) -> None:
    """Left out or empty it is refused, whatever else is sent."""
    assert_error(client.post(CREATE, json=sent), 400, "prompt_required")


@pytest.mark.parametrize("sent", [None, 7, ["a fox"], {"text": "a fox"}])
def test_the_prompt_is_a_text(client: Client, sent: object) -> None:
    """Nothing else is."""
    assert_error(ask(client, prompt=sent), 400, "invalid_prompt", "prompt must be a string.")


@pytest.mark.parametrize(
    ("field", "code"), [("prompt", "invalid_prompt"), ("negative_prompt", "invalid_negative_prompt")]
)
def test_prompts_end_at_ten_thousand_characters(client: Client, field: str, code: str) -> None:
    """Up to there they are drawn."""
    assert ask(client, **{field: "a" * 10_000}).status_code == 200
    assert_error(ask(client, **{field: "a" * 10_001}), 400, code)


def test_half_a_character_is_a_question_mark(client: Client) -> None:
    """Half of a surrogate pair, which JSON can spell, harms nobody."""
    answer = client.post(CREATE, data=rb'{"prompt": "a \ud83e fox", "num_outputs": 1}')

    assert settings(answer)["prompt"] == "a ? fox"


def test_the_negative_prompt_changes_the_picture(client: Client) -> None:
    """And is drawn as a prompt of weight -1 in the other contracts is."""
    large = {"width": 512, "height": 512, "model_id": "stable-diffusion-v1-6"}
    against = [{"text": PROMPT, "weight": 1}, {"text": "trees", "weight": -1}]

    drawn = shown(client, ask(client, negative_prompt="trees", **large))

    assert (drawn != shown(client, ask(client, **large))).any()
    assert (drawn == picture(text_to_image(client, "v1", text_prompts=against, seed=SEED, steps=10))).all()


def test_an_empty_negative_prompt_is_none(client: Client) -> None:
    """The picture is that of the prompt alone."""
    assert (shown(client, ask(client, negative_prompt="")) == shown(client, ask(client))).all()


@pytest.mark.parametrize("side", ["width", "height"])
@pytest.mark.parametrize("pixels", [256, 264, 1016, 1024])
def test_sides_go_from_256_to_1024_in_eights(client: Client, side: str, pixels: int) -> None:
    """The picture has exactly the size that was asked for."""
    wanted = {"width": 256, "height": 256, side: pixels}

    answer = ask(client, **wanted)

    assert size(client, answer) == (wanted["width"], wanted["height"])
    assert {name: settings(answer)[name] for name in wanted} == wanted


@pytest.mark.parametrize("side", ["width", "height"])
@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (248, "must be greater than or equal to 256"),
        (1032, "must be less than or equal to 1024"),
        (260, "must be a multiple of 8"),
        (1023, "must be a multiple of 8"),
        (512.5, "must be an integer"),
        ("512", "must be an integer"),
        (-512, "must be greater than or equal to 256"),
        (10**200, "must be less than or equal to 1024"),
    ],
)
def test_other_sides_are_refused(client: Client, side: str, pixels: object, reason: str) -> None:
    """The answer names the side and says what is wrong with it."""
    assert_error(ask(client, **{side: pixels}), 400, f"invalid_{side}", f"{side} {reason}.")


@pytest.mark.parametrize(
    ("width", "height", "steps"),
    [(1024, 1024, 19), (640, 640, 49), (808, 1024, 24), (976, 1016, 20), (768, 768, 34), (256, 256, 50)],
)
def test_pixels_and_steps_within_both_limits(client: Client, width: int, height: int, steps: int) -> None:
    """Up to the last product below 50 * 640 * 640 everything is drawn."""
    assert width * height * steps < LESS_THAN <= AT_MOST
    assert size(client, ask(client, width=width, height=height, inference_steps=steps)) == (width, height)


@pytest.mark.parametrize(
    ("width", "height", "steps", "limit"),
    [
        (640, 640, 50, f"less than {LESS_THAN}"),  # The product is the limit, which is not less than it.
        (1024, 1024, 20, f"less than {LESS_THAN}"),
        (800, 1024, 25, f"less than {LESS_THAN}"),
        (1024, 1024, 30, f"less than {LESS_THAN}"),  # At the other limit to the pixel.
        (1024, 1016, 31, f"at most {AT_MOST}"),
        (1024, 1024, 31, f"at most {AT_MOST}"),
        (1024, 1024, 50, f"at most {AT_MOST}"),
    ],
)
def test_more_pixels_and_steps_are_refused(client: Client, width: int, height: int, steps: int, limit: str) -> None:
    """Both formulas hold: at most 1024 * 1024 * 30, and less than 50 * 640 * 640."""
    product = width * height * steps

    text = f"width * height * inference_steps is {product}, and must be {limit}."
    assert_error(ask(client, width=width, height=height, inference_steps=steps), 400, "too_many_pixel_steps", text)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_so_many_pictures_as_asked_for(client: Client, count: int) -> None:
    """One to four, each at an address of its own and unlike the others."""
    answer = ask(client, num_outputs=count)

    drawn = [shown(client, answer, index).tobytes() for index in range(count)]
    assert len(outputs(answer)) == count
    assert len(set(drawn)) == count
    assert len({one["id"] for one in outputs(answer)}) == len({one["url"] for one in outputs(answer)}) == count


@pytest.mark.parametrize("count", [0, 5, -1, 1.5, "2", True])
def test_other_numbers_of_pictures_are_refused(client: Client, count: object) -> None:
    """And named."""
    assert_error(ask(client, num_outputs=count), 400, "invalid_num_outputs")


@pytest.mark.parametrize("scale", [1, 7.5, 20])
def test_guidance_from_1_to_20(client: Client, scale: float) -> None:
    """It is told as it was sent, and each value is another picture."""
    answer = ask(client, guidance_scale=scale)

    assert settings(answer)["guidance_scale"] == scale
    assert (shown(client, answer) != shown(client, ask(client, guidance_scale=12))).any()


@pytest.mark.parametrize("scale", [0, 0.99, 20.01, 21, "7", [7]])
def test_other_guidance_is_refused(client: Client, scale: object) -> None:
    """And named."""
    assert_error(ask(client, guidance_scale=scale), 400, "invalid_guidance_scale")


@pytest.mark.parametrize("steps", [10, 11, 50])
def test_ten_to_fifty_steps(client: Client, steps: int) -> None:
    """They are told as they were sent, and each number is another picture."""
    answer = ask(client, inference_steps=steps)

    assert settings(answer)["inference_steps"] == steps
    assert (shown(client, answer) != shown(client, ask(client, inference_steps=30))).any()


@pytest.mark.parametrize("steps", [9, 51, 0, -10, 10.5, "30"])
def test_other_steps_are_refused(client: Client, steps: object) -> None:
    """And named."""
    assert_error(ask(client, inference_steps=steps), 400, "invalid_inference_steps")


def test_the_same_seed_gives_the_same_picture(client: Client) -> None:
    """And another one another."""
    assert (shown(client, ask(client)) == shown(client, ask(client))).all()
    assert (shown(client, ask(client)) != shown(client, ask(client, seed=SEED + 1))).any()


def test_the_settings_sent_again_give_the_same_pictures(client: Client) -> None:
    """Also where the seed was drawn at random and everything was left to the defaults."""
    first = client.post(CREATE, json={"prompt": PROMPT, "num_outputs": 2})
    again = client.post(CREATE, json=settings(first))

    assert settings(again) == settings(first)
    for index in range(2):
        assert (shown(client, first, index) == shown(client, again, index)).all()


def test_seeds_count_up(client: Client) -> None:
    """Each picture tells its own seed, and made alone with that seed it is the same."""
    answer = ask(client, num_outputs=3)

    assert [one["seed"] for one in outputs(answer)] == [SEED, SEED + 1, SEED + 2]
    for index in range(3):
        assert (shown(client, answer, index) == shown(client, ask(client, seed=SEED + index))).all()


def test_seeds_start_over_after_the_last(client: Client) -> None:
    """Behind 4294967295 comes 1."""
    assert [one["seed"] for one in outputs(ask(client, seed=4294967295, num_outputs=2))] == [4294967295, 1]


def test_seed_0_is_a_seed(client: Client) -> None:
    """It gives the same picture each time, and several different ones together."""
    answer = ask(client, seed=0, num_outputs=2)

    assert settings(answer)["seed"] == 0
    assert (shown(client, answer) == shown(client, ask(client, seed=0))).all()
    assert (shown(client, answer) != shown(client, answer, 1)).any()


@pytest.mark.parametrize("seed", [..., None, -1, -2147483648])
def test_without_a_seed_one_is_drawn(client: Client, seed: object) -> None:
    """Left out, null or negative: two requests are two pictures, and the answer tells which seeds."""
    first, second = ask(client, seed=seed), ask(client, seed=seed)

    assert settings(first)["seed"] == outputs(first)[0]["seed"] > 0
    assert settings(first)["seed"] != settings(second)["seed"]
    assert (shown(client, first) == shown(client, ask(client, seed=settings(first)["seed"]))).all()


@pytest.mark.parametrize("seed", [4294967296, -2147483649, 1.5, "7"])
def test_other_seeds_are_refused(client: Client, seed: object) -> None:
    """And named."""
    assert_error(ask(client, seed=seed), 400, "invalid_seed")


def test_the_scheduler_changes_the_picture(client: Client) -> None:
    """It is told as it was sent."""
    answer = ask(client, model_id=SD15, scheduler_id=EULER)

    assert settings(answer)["scheduler_id"] == EULER
    assert (shown(client, answer) != shown(client, ask(client, model_id=SD15))).any()


def test_the_default_scheduler_by_its_name_is_the_same(client: Client) -> None:
    """Naming what would be taken anyway changes nothing."""
    named, unnamed = ask(client, model_id=SD15, scheduler_id=DPM_2M), ask(client, model_id=SD15)

    assert settings(named) == settings(unnamed)
    assert (shown(client, named) == shown(client, unnamed)).all()


def test_the_model_changes_the_picture_and_its_size(client: Client) -> None:
    """Without width and height a picture has the size of the model."""
    small = ask(client, model_id=SD15, width=..., height=...)
    large = ask(client, model_id=SDXL, width=..., height=...)

    assert size(client, small) == (512, 512)
    assert size(client, large) == (768, 768)
    assert (shown(client, ask(client, model_id=SD15)) != shown(client, ask(client, model_id=SDXL))).any()


@pytest.mark.parametrize("sent", [KANDINSKY.upper(), None, ...])
def test_a_model_id_in_any_case_or_none(client: Client, sent: object) -> None:
    """Ids are understood in capitals; without one it is the default model."""
    assert settings(ask(client, model_id=sent))["model_id"] == KANDINSKY


@pytest.mark.parametrize("field", OPTIONAL)
def test_null_is_as_good_as_nothing(client: Client, field: str) -> None:
    """Every optional parameter may be null."""
    ours, theirs = settings(ask(client, **{field: None})), settings(ask(client, **{field: ...}))

    assert ours | {"seed": 0} == theirs | {"seed": 0}


def test_parameters_that_are_not_named_are_ignored(client: Client) -> None:
    """A client of a later service is not refused."""
    plain = ask(client)

    answer = ask(client, stream_id="x", submit_to_gallery=True, output_image_extension="jpeg")

    assert settings(answer) == settings(plain)
    assert (shown(client, answer) == shown(client, plain)).all()


@pytest.mark.parametrize("engine", ["stable-diffusion-v1-6", "stable-diffusion-xl-1024-v1-0"])
def test_pixels_are_those_of_the_other_contracts(client: Client, engine: str) -> None:
    """One prompt, engine, size, steps, scale and seed: one picture, whoever is asked."""
    side = 512 if engine == "stable-diffusion-v1-6" else 1024
    wide = {"width": side, "height": side}

    theirs = picture(text_to_image(client, "v1", engine=engine, seed=SEED, steps=10, cfg_scale=6.5, **wide))

    ours = shown(client, ask(client, model_id=engine, guidance_scale=6.5, **wide))
    assert np.array_equal(ours, theirs)
