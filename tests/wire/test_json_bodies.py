"""JSON bodies: nulls, unknown fields, numbers, seeds, styles and extras."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pictures import png
from tests.running import Client
from tests.wire.asking import every_version, image_to_image, newer_versions, path, text_to_image
from tests.wire.refusing import assert_error

STYLES = [
    "enhance",
    "anime",
    "photographic",
    "digital-art",
    "comic-book",
    "fantasy-art",
    "line-art",
    "analog-film",
    "neon-punk",
    "isometric",
    "low-poly",
    "origami",
    "modeling-compound",
    "cinematic",
    "3d-model",
    "pixel-art",
    "tile-texture",
]
OPTIONAL = ("width", "height", "cfg_scale", "clip_guidance_preset", "sampler", "samples", "seed", "steps", "extras")


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
@pytest.mark.parametrize("field", OPTIONAL)
def test_null_is_absent_in_the_older_versions(client: Client, version: str, field: str) -> None:
    """An explicit null means that the field was not sent."""
    nothing, null = (text_to_image(client, version, **{field: value}) for value in (..., None))

    assert null.status_code == 200
    if field != "seed":
        assert null.content == nothing.content


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_null_weight_is_absent_in_the_older_versions(client: Client, version: str) -> None:
    """Within a prompt too."""
    null = text_to_image(client, version, text_prompts=[{"text": "a fox", "weight": None}])

    assert null.status_code == 200
    assert null.content == text_to_image(client, version, text_prompts=[{"text": "a fox"}]).content


@pytest.mark.parametrize("field", OPTIONAL)
def test_null_is_refused_in_v1(client: Client, field: str) -> None:
    """v1 says which field is wrong."""
    body = assert_error(text_to_image(client, "v1", **{field: None}), "v1", 400, "bad_request")

    assert body["message"].startswith(f"{field}: must be ")


@every_version
def test_null_style_is_absent_everywhere(client: Client, version: str) -> None:
    """Shipped clients of v1 send ``style_preset: null``."""
    null = text_to_image(client, version, style_preset=None)

    assert null.status_code == 200
    assert null.content == text_to_image(client, version).content


@every_version
@pytest.mark.parametrize("required", ["text_prompts"])
def test_null_for_a_required_field_is_refused(client: Client, version: str, required: str) -> None:
    """Null is no value."""
    assert_error(text_to_image(client, version, **{required: None}), version, 400, "bad_request")


@every_version
def test_each_style_is_taken_and_seen(client: Client, version: str) -> None:
    """Seventeen styles, and eighteen different pictures with the one that has none."""
    answers = [text_to_image(client, version, style_preset=style) for style in (..., *STYLES)]

    assert [answer.status_code for answer in answers] == [200] * 18
    assert len({answer.content for answer in answers}) == 18


@every_version
@pytest.mark.parametrize("style", ["none", "", "Anime", "photo"])
def test_other_styles_are_refused(client: Client, version: str, style: str) -> None:
    """400 that names the field."""
    body = assert_error(text_to_image(client, version, style_preset=style), version, 400, "bad_request")

    assert "style_preset" in body["message"]


@every_version
@pytest.mark.parametrize("extras", [{}, {"$IPC": {"preset": "a"}, "deep": [{"x": None}]}])
def test_extras_are_taken_and_ignored(client: Client, version: str, extras: dict[str, Any]) -> None:
    """Any object does, and changes nothing."""
    answer = text_to_image(client, version, extras=extras)

    assert answer.status_code == 200
    assert answer.content == text_to_image(client, version).content


@every_version
def test_extras_must_be_an_object(client: Client, version: str) -> None:
    """Anything else is refused."""
    assert_error(text_to_image(client, version, extras="x"), version, 400, "bad_request")


@every_version
def test_unknown_fields_are_ignored(client: Client, version: str) -> None:
    """At the top and in prompts, whatever they hold."""
    prompts = [{"text": "a fox", "strength": "high", "weights": 3}]
    odd = text_to_image(
        client, version, text_prompts=prompts, negative_prompt="x", init_image_mode=5, step_schedule_start="?", mask=[]
    )

    assert odd.status_code == 200
    assert odd.content == text_to_image(client, version, text_prompts=[{"text": "a fox"}]).content


@every_version
@pytest.mark.parametrize("seed", [1, 2**31 - 1, 2**31, 2**32 - 1])
def test_seed_takes_32_bits(client: Client, version: str, seed: int) -> None:
    """Also in v1alpha, whose document stopped at 2^31-1."""
    assert text_to_image(client, version, seed=seed).json()["artifacts"][0]["seed"] == seed


@every_version
def test_whole_numbers_may_be_written_with_a_point(client: Client, version: str) -> None:
    """``512.0`` is 512 for JavaScript and Lua clients, or a 400; never a 500."""
    answer = text_to_image(client, version, width=512.0, steps=10.0, samples=1.0, seed=4021.0)

    if answer.status_code != 200:
        assert_error(answer, version, 400, "bad_request")
    else:
        assert answer.content == text_to_image(client, version).content


@every_version
@pytest.mark.parametrize("weight", [-10, -0.5, 0, 0.5, 1, 10, 1.0])
def test_weights_are_taken(client: Client, version: str, weight: float) -> None:
    """From -10 to 10, whole or not."""
    prompts = [{"text": "a fox"}, {"text": "snow", "weight": weight}]

    assert text_to_image(client, version, text_prompts=prompts).status_code == 200


@every_version
def test_weight_is_one_unless_sent(client: Client, version: str) -> None:
    """Absent and 1 are the same."""
    absent = text_to_image(client, version, text_prompts=[{"text": "a fox"}])

    assert text_to_image(client, version, text_prompts=[{"text": "a fox", "weight": 1}]).content == absent.content


@every_version
def test_long_prompts_are_cut(client: Client, version: str) -> None:
    """What stands behind 77 tokens has no effect; 2000 characters are taken, 2001 are not."""
    long = "fox " * 500
    one, other = (text_to_image(client, version, text_prompts=[{"text": long[:1990] + end}]) for end in ("wolf", "owl"))
    over = text_to_image(client, version, text_prompts=[{"text": "x" * 2001}])

    assert one.status_code == 200
    assert one.content == other.content
    assert_error(over, version, 400, "bad_request")


@every_version
@pytest.mark.parametrize("text", ["\x00", "\n", "\ud83e", "\u202e", "🦊" * 500, "<b>&amp;</b>", "{}%s"])
def test_any_text_can_be_drawn(client: Client, version: str, text: str) -> None:
    """Control characters, halves of surrogate pairs and markup are text like any other."""
    assert text_to_image(client, version, text_prompts=[{"text": text}]).status_code == 200


@every_version
@pytest.mark.parametrize("preset", ["FAST_BLUE", "FAST_GREEN"])
def test_fast_presets_need_an_ancestral_sampler(client: Client, version: str, preset: str) -> None:
    """Without a sampler, or with an ancestral one, they work; with another they are refused."""
    fine = [
        text_to_image(client, version, clip_guidance_preset=preset),
        text_to_image(client, version, clip_guidance_preset=preset, sampler="K_EULER_ANCESTRAL"),
    ]
    wrong = text_to_image(client, version, clip_guidance_preset=preset, sampler="DDIM")

    assert [answer.status_code for answer in fine] == [200, 200]
    reason = f"{preset} needs an ancestral sampler, got DDIM"
    wording = f"body.sampler must be another: {reason}" if version == "v1alpha" else f"sampler: {reason}"
    assert_error(wrong, version, 400, "bad_request", wording)


@every_version
@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"'])
def test_body_that_is_no_object(client: Client, version: str, body: bytes) -> None:
    """The body itself is named, once."""
    answer = client.post(path(version), data=body, headers={"Content-Type": "application/json"})

    wording = "body must be an object" if version == "v1alpha" else "body: must be an object"
    assert_error(answer, version, 400, "bad_request", wording)


def test_sdxl_ignores_guidance_presets(client: Client) -> None:
    """The same picture with and without, and no trouble about samplers."""
    engine, size = "stable-diffusion-xl-1024-v1-0", {"width": 640, "height": 1536, "sampler": "DDIM"}
    plain = text_to_image(client, "v1", engine, **size)

    assert text_to_image(client, "v1", engine, clip_guidance_preset="FAST_BLUE", **size).content == plain.content


@pytest.mark.parametrize("version", ["v1beta"])
def test_null_in_a_form_is_absent(client: Client, version: str) -> None:
    """JavaScript's FormData makes the text ``null`` of a null."""
    plain = image_to_image(client, version, png())

    assert image_to_image(client, version, png(), sampler="null", style_preset="null").content == plain.content


@newer_versions
def test_extras_in_a_form_are_json(client: Client, version: str) -> None:
    """Taken and ignored there as well."""
    plain = image_to_image(client, version, png())

    assert image_to_image(client, version, png(), extras={"deep": [1, None]}).content == plain.content
