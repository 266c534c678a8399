"""Each parameter of Stativerse's pictures and each field of their answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.pictures import artifact_pixels
from tests.running import Client, Server
from tests.wire import asking
from tests.wire.stativerse_asking import DRAW, IDENTITY, SEED, SIDE, ask, data, every_picture, image, pixels, refused

PICTURE_KEYS = ["id", "output", "seed", "generation_time", "nsfw_input_classifier", "nsfw_output_classifier"]


@every_picture
def test_the_envelope_of_a_picture(client: Client, endpoint: str) -> None:
    """``ok`` is true, ``error`` null, and ``data`` has exactly the documented fields."""
    assert list(data(ask(client, endpoint))) == PICTURE_KEYS


@every_picture
def test_every_run_has_an_id_of_its_own(client: Client, endpoint: str) -> None:
    """Two equal requests have different ids."""
    ids = [data(ask(client, endpoint))["id"] for _ in range(2)]

    assert all(map(IDENTITY.fullmatch, ids))
    assert ids[0] != ids[1]


@every_picture
def test_generation_time_is_in_seconds(client: Client, endpoint: str) -> None:
    """It is a number of seconds, no more than the client waited."""
    began = time.monotonic()
    seconds = data(ask(client, endpoint))["generation_time"]

    assert isinstance(seconds, float)
    assert 0 <= seconds <= time.monotonic() - began + 0.001


@every_picture
def test_the_prompt_says_what_is_drawn(client: Client, endpoint: str) -> None:
    """Another prompt gives another picture."""
    one, other = (pixels(ask(client, endpoint, prompt=prompt)) for prompt in ("a lighthouse", "a bowl of soup"))

    assert (one != other).any()


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (..., "prompt is required."),
        ("", "prompt cannot be empty."),
        (None, "prompt must be a string."),
        (["a", "b"], "prompt must be a string."),
        ("x" * 10_001, "prompt cannot be longer than 10000 characters."),
    ],
)
def test_a_wrong_prompt(client: Client, prompt: object, message: str) -> None:
    """A picture from text needs a text."""
    refused(ask(client, DRAW, prompt=prompt), 400, "invalid_request", message)


def test_the_longest_prompt(client: Client) -> None:
    """Ten thousand characters are read, beyond ASCII too."""
    assert data(ask(client, DRAW, prompt="ü" * 10_000))["seed"] == SEED


def test_half_a_character(client: Client) -> None:
    """Halves of surrogate pairs, which JSON can write and no file can hold, are read as question marks."""
    half, mark = (pixels(ask(client, DRAW, prompt=f"a fox{end}")) for end in ("\ud800", "?"))

    assert (half == mark).all()


@every_picture
def test_the_negative_prompt_is_read(client: Client, endpoint: str) -> None:
    """It changes the picture; an empty one does not."""
    plain, empty, other = (pixels(ask(client, endpoint, negative_prompt=text)) for text in (..., "", "cliffs, rain"))

    assert (plain == empty).all()
    assert (plain != other).any()


@every_picture
@pytest.mark.parametrize("text", [3, ["rain"], "x" * 10_001])
def test_a_wrong_negative_prompt(client: Client, endpoint: str, text: object) -> None:
    """Only a text is one, and not an endless one."""
    assert refused(ask(client, endpoint, negative_prompt=text), 400, "invalid_request").startswith("negative_prompt ")


def test_the_usual_resolution(client: Client) -> None:
    """Without one the picture has 1024x1024 pixels, as it has with that one named."""
    left_out, named = (pixels(ask(client, DRAW, resolution=size)) for size in (..., [1024, 1024]))

    assert left_out.shape == (1024, 1024, 3)
    assert (left_out == named).all()


@pytest.mark.parametrize("size", [(64, 96), (640, 64), (100, 71), (2048, 64)])
def test_resolution_is_width_and_height(client: Client, size: tuple[int, int]) -> None:
    """The picture is exactly as wide and as high as was asked for, whatever the model works in."""
    assert image(ask(client, DRAW, resolution=size)).size == size


def test_sides_off_the_grid_are_cut_evenly(client: Client) -> None:
    """100x71 is the middle of the 112x80 that the model draws."""
    odd, whole = (pixels(ask(client, DRAW, resolution=size)) for size in ([100, 71], [112, 80]))

    assert (odd == whole[4:75, 6:106]).all()


SIZES: list[tuple[Any, str]] = [
    ([64], " must have at least 2 items."),
    ([64, 64, 64], " cannot have more than 2 items."),
    ([64, 2049], "[1] must be less than or equal to 2048."),
    (["64", 64], "[0] must be a number."),
    ([64, 64.5], "[1] must be an integer."),
    (64, " must be an array."),
    ({"0": 64, "1": 64}, " must be an array."),
]


@every_picture
@pytest.mark.parametrize(("size", "message"), [*SIZES, ([63, 64], "[0] must be greater than or equal to 64.")])
def test_a_wrong_resolution(client: Client, endpoint: str, size: object, message: str) -> None:
    """It is refused with what would be right."""
    refused(ask(client, endpoint, resolution=size), 400, "invalid_request", f"resolution{message}")


@every_picture
@pytest.mark.parametrize(("size", "message"), [*SIZES, ([64, 0], "[1] must be greater than or equal to 1.")])
def test_a_wrong_post_resolution(client: Client, endpoint: str, size: object, message: str) -> None:
    """It is refused with what would be right."""
    refused(ask(client, endpoint, post_resolution=size), 400, "invalid_request", f"post_resolution{message}")


def test_post_resolution_is_the_resolution_unless_named(client: Client) -> None:
    """Naming the same size changes nothing."""
    left_out, named = (ask(client, DRAW, resolution=[96, 64], post_resolution=size) for size in (..., [96, 64]))

    assert (pixels(left_out) == pixels(named)).all()


@pytest.mark.parametrize("crop", [..., False])
def test_post_resolution_squeezes(client: Client, crop: object) -> None:
    """Without ``crop`` the whole picture is resized, out of its proportions if need be."""
    drawn = image(ask(client, DRAW, resolution=[128, 64]))
    shown = pixels(ask(client, DRAW, resolution=[128, 64], post_resolution=[40, 90], crop=crop))

    assert (shown == np.asarray(drawn.resize((40, 90), Image.Resampling.LANCZOS))).all()


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((32, 32), (32, 0, 96, 64)),
        ((64, 16), (0, 16, 128, 48)),
        ((64, 64), (32, 0, 96, 64)),
        ((256, 1), (0, 31, 128, 32)),
    ],
)
def test_crop_keeps_proportions(client: Client, size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    """With ``crop`` the middle of the picture is cut to the wanted proportions, and that is resized."""
    drawn = image(ask(client, DRAW, resolution=[128, 64]))
    shown = pixels(ask(client, DRAW, resolution=[128, 64], post_resolution=size, crop=True))

    assert (shown == np.asarray(drawn.crop(box).resize(size, Image.Resampling.LANCZOS))).all()


@every_picture
def test_eight_steps_are_usual(client: Client, endpoint: str) -> None:
    """Leaving ``steps`` out is the same as 8, and not the same as 9."""
    left_out, eight, nine = (pixels(ask(client, endpoint, steps=steps)) for steps in (..., 8, 9))

    assert (left_out == eight).all()
    assert (eight != nine).any()


@every_picture
@pytest.mark.parametrize("steps", [1, 150])
def test_the_fewest_and_the_most_steps(client: Client, endpoint: str, steps: int) -> None:
    """Both ends are taken."""
    assert data(ask(client, endpoint, steps=steps))["seed"] == SEED


@every_picture
@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (0, "steps must be greater than or equal to 1."),
        (151, "steps must be less than or equal to 150."),
        (8.5, "steps must be an integer."),
        ("8", "steps must be a number."),
    ],
)
def test_wrong_steps(client: Client, endpoint: str, steps: object, message: str) -> None:
    """They are refused with what would be right."""
    refused(ask(client, endpoint, steps=steps), 400, "invalid_request", message)


@every_picture
def test_guidance_of_one_is_usual(client: Client, endpoint: str) -> None:
    """Leaving ``guidance`` out is the same as 1, and not the same as 7.5."""
    left_out, one, more = (pixels(ask(client, endpoint, guidance=guidance)) for guidance in (..., 1, 7.5))

    assert (left_out == one).all()
    assert (one != more).any()


@every_picture
@pytest.mark.parametrize(
    ("guidance", "message"),
    [
        (-0.1, "guidance must be greater than or equal to 0."),
        (35.5, "guidance must be less than or equal to 35."),
        ("1", "guidance must be a number."),
    ],
)
def test_wrong_guidance(client: Client, endpoint: str, guidance: object, message: str) -> None:
    """It is refused with what would be right."""
    refused(ask(client, endpoint, guidance=guidance), 400, "invalid_request", message)


@every_picture
@pytest.mark.parametrize("field", ["crop", "remove_background", "safety_check"])
@pytest.mark.parametrize("value", [1, "true", []])
def test_wrong_switches(client: Client, endpoint: str, field: str, value: object) -> None:
    """Switches are true or false."""
    refused(ask(client, endpoint, **{field: value}), 400, "invalid_request", f"{field} must be a boolean.")


@every_picture
def test_the_seed_is_reported(client: Client, endpoint: str) -> None:
    """Equal seeds give equal files, others give others, and each answer names its own."""
    first, again, other = (data(ask(client, endpoint, seed=seed)) for seed in (7, 7, 8))

    assert [one["seed"] for one in (first, again, other)] == [7, 7, 8]
    assert first["output"] == again["output"] != other["output"]


@every_picture
@pytest.mark.parametrize("seed", [..., None])
def test_a_seed_is_made_up(client: Client, endpoint: str, seed: object) -> None:
    """Without a seed one is drawn at random, and with it the picture can be had again."""
    first, second = (data(ask(client, endpoint, seed=seed)) for _ in range(2))
    again = data(ask(client, endpoint, seed=first["seed"]))

    assert first["seed"] != second["seed"]
    assert again["output"] == first["output"]


@every_picture
def test_whole_numbers_may_be_written_with_a_point(client: Client, endpoint: str) -> None:
    """The document knows numbers only: 8.0 is as good as 8, wherever a whole one is wanted."""
    whole = {"resolution": [112, 80], "post_resolution": [56, 40], "steps": 8, "seed": 7}
    pointed = {"resolution": [112.0, 80.0], "post_resolution": [56.0, 40.0], "steps": 8.0, "seed": 7.0}

    plain, other = (data(ask(client, endpoint, **words)) for words in (whole, pointed))

    assert (other["seed"], other["output"]) == (7, plain["output"])
    assert isinstance(other["seed"], int)


@every_picture
@pytest.mark.parametrize("seed", [0, 4_294_967_295])
def test_the_first_and_the_last_seed(client: Client, endpoint: str, seed: int) -> None:
    """Both ends are seeds like any other: 0 does not mean a random one."""
    first, again = (data(ask(client, endpoint, seed=seed)) for _ in range(2))

    assert first["seed"] == again["seed"] == seed
    assert first["output"] == again["output"]


@every_picture
@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (-1, "seed must be greater than or equal to 0."),
        (4_294_967_296, "seed must be less than or equal to 4294967295."),
        (1.5, "seed must be an integer."),
        ("7", "seed must be a number."),
    ],
)
def test_a_wrong_seed(client: Client, endpoint: str, seed: object, message: str) -> None:
    """It is refused with what would be right."""
    refused(ask(client, endpoint, seed=seed), 400, "invalid_request", message)


OPTIONAL = (
    *("negative_prompt", "post_resolution", "steps", "guidance", "crop", "remove_background"),
    *("safety_check", "safety_input", "output_format"),
)


@every_picture
def test_null_is_the_same_as_nothing(client: Client, endpoint: str) -> None:
    """A client that writes its optional fields as null gets what one that leaves them out gets."""
    assert data(ask(client, endpoint, **dict.fromkeys(OPTIONAL)))["output"] == data(ask(client, endpoint))["output"]


@every_picture
def test_fields_that_are_not_named_are_ignored(client: Client, endpoint: str) -> None:
    """Such as those of a later version."""
    other = ask(client, endpoint, model="v2", loras=[{"name": "x"}])

    assert data(other)["output"] == data(ask(client, endpoint))["output"]


def test_the_owner_chooses_the_engine(start: Callable[..., Server]) -> None:
    """``UNDERSTUDY_MODELS`` puts another engine behind the model, whose pixels are those of every other contract."""
    server = start(UNDERSTUDY_MODELS="stativerse/image=stable-diffusion-v1-6")
    with Client(server.url) as client:
        ours = pixels(ask(client, DRAW, resolution=[320, 384], steps=12, guidance=7, negative_prompt="rain"))
        prompts = [{"text": "a lighthouse on a cliff"}, {"text": "rain", "weight": -1}]
        theirs = asking.text_to_image(
            client, "v1", text_prompts=prompts, width=320, height=384, steps=12, cfg_scale=7, seed=SEED
        )

    assert (ours == artifact_pixels(theirs.json())).all()


def test_an_unknown_model_stops_the_start(make_server: Callable[..., Server]) -> None:
    """A typing error in ``UNDERSTUDY_MODELS`` is told at once, with the models there are."""
    with pytest.raises(AssertionError, match="stativerse has no model 'picture', only image"):
        make_server(UNDERSTUDY_MODELS="stativerse/picture=stable-diffusion-v1-6")


def test_a_small_picture_of_a_large_one(client: Client) -> None:
    """The sizes of the two parameters do not depend on each other."""
    assert image(ask(client, DRAW, resolution=[512, SIDE], post_resolution=[1, 2048])).size == (1, 2048)
