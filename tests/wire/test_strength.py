"""How much of an init image is kept: strengths, schedules, and which of the two counts."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from tests.pictures import pixels, png
from tests.running import Client
from tests.wire.asking import every_version, image_to_image, newer_versions, picture, text_to_image

INIT = png()


def kept(version: str, share: float) -> dict[str, float]:
    """The words that keep this share of the init image, in the version's own terms."""
    return {"step_schedule_start": 1 - share} if version == "v1alpha" else {"image_strength": share}


@every_version
def test_keeping_everything_returns_the_init_image(client: Client, version: str) -> None:
    """Strength 1, schedule start 0: the init image bit for bit."""
    answer = image_to_image(client, version, INIT, **kept(version, 1))

    assert (picture(answer) == pixels(INIT)).all()


@every_version
def test_keeping_nothing_ignores_the_init_image(client: Client, version: str) -> None:
    """Strength 0, schedule start 1: what text-to-image draws in that size."""
    answer = image_to_image(client, version, INIT, **kept(version, 0))

    assert (picture(answer) == picture(text_to_image(client, version))).all()


@every_version
def test_more_strength_is_closer_to_the_init_image(client: Client, version: str) -> None:
    """The distance shrinks with every step from 0 to 1."""
    steps = [0, 0.1, 0.35, 0.5, 0.65, 0.9, 1]
    answers = [picture(image_to_image(client, version, INIT, **kept(version, share))) for share in steps]

    distances = [np.abs(answer - pixels(INIT)).mean() for answer in answers]
    assert all(nearer < farther for farther, nearer in itertools.pairwise(distances))


@newer_versions
def test_start_is_one_minus_strength(client: Client, version: str) -> None:
    """Both words say the same thing."""
    strength = image_to_image(client, version, INIT, init_image_mode="IMAGE_STRENGTH", image_strength=0.75)
    schedule = image_to_image(client, version, INIT, init_image_mode="STEP_SCHEDULE", step_schedule_start=0.25)

    assert strength.content == schedule.content


@newer_versions
def test_the_mode_decides_which_word_counts(client: Client, version: str) -> None:
    """The words of the other mode are accepted and ignored."""
    both = {"image_strength": 1, "step_schedule_start": 1, "step_schedule_end": 0.5}
    strength = image_to_image(client, version, INIT, init_image_mode="IMAGE_STRENGTH", **both)
    schedule = image_to_image(
        client, version, INIT, init_image_mode="STEP_SCHEDULE", **(both | {"step_schedule_end": 0})
    )

    assert (picture(strength) == pixels(INIT)).all()
    assert (picture(schedule) == picture(text_to_image(client, version))).all()


@newer_versions
def test_without_a_mode_the_strength_counts(client: Client, version: str) -> None:
    """As the document says; 0.35 unless sent."""
    nothing = image_to_image(client, version, INIT, step_schedule_start=0.01)

    assert nothing.content == image_to_image(client, version, INIT, image_strength=0.35).content


@every_version
def test_start_is_065_unless_sent(client: Client, version: str) -> None:
    """In every version."""
    mode = {} if version == "v1alpha" else {"init_image_mode": "STEP_SCHEDULE"}
    absent = image_to_image(client, version, INIT, **mode)

    assert absent.content == image_to_image(client, version, INIT, step_schedule_start=0.65, **mode).content


@every_version
def test_end_skips_the_tail(client: Client, version: str) -> None:
    """The more of the schedule is skipped, the closer to the init image; skipping all returns it."""
    mode = {} if version == "v1alpha" else {"init_image_mode": "STEP_SCHEDULE"}
    answers = [
        picture(image_to_image(client, version, INIT, step_schedule_start=0.8, step_schedule_end=end, **mode))
        for end in (0, 0.2, 0.5, 0.8, 1)
    ]

    distances = [np.abs(answer - pixels(INIT)).mean() for answer in answers]
    assert distances[0] > distances[1] > distances[2] > distances[3]
    assert distances[3:] == [0, 0]


def test_v1alpha_has_no_strength(client: Client) -> None:
    """There the word is unknown and ignored."""
    answer = image_to_image(client, "v1alpha", INIT, image_strength=1, init_image_mode="IMAGE_STRENGTH")

    assert answer.content == image_to_image(client, "v1alpha", INIT).content


@every_version
@pytest.mark.parametrize("size", [(512, 576), (640, 512), (1024, 320)])
def test_answer_has_the_size_of_the_init_image(client: Client, version: str, size: tuple[int, int]) -> None:
    """Not that of ``width`` and ``height``, which are accepted and ignored, whatever grid they are on."""
    answer = image_to_image(client, version, png(*size), width=700, height=1024)

    assert picture(answer).shape == (size[1], size[0], 3)


@every_version
@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_init_images_of_many_kinds(client: Client, version: str, form: str, mode: str) -> None:
    """JPEG, WebP and PNG, in colour, grey or with a palette."""
    if form != "PNG" and mode == "P":
        mode = "L"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(INIT)).convert(mode).save(buffer, form)
    answer = image_to_image(client, version, buffer.getvalue(), **kept(version, 1))

    expected = np.asarray(Image.open(buffer).convert("RGB")).astype(np.int16)
    assert (picture(answer) == expected).all()
