"""The errors of the service, by status, name and text, in the shape of each version."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.pictures import png
from tests.running import Client, Server
from tests.wire.asking import (
    every_version,
    image_to_image,
    masking,
    newer_versions,
    path,
    text_to_image,
    upscale,
)
from tests.wire.refusing import assert_error

NINE_SIZES = "1024x1024, 1152x896, 1216x832, 1344x768, 1536x640, 640x1536, 768x1344, 832x1216, 896x1152"
GRID = "height and width must be specified in increments of 64"


@every_version
def test_no_key(server: Server, version: str) -> None:
    """401; v1alpha speaks of the missing header as goa does."""
    with Client(server.url, key=None) as client:
        answer = client.get(f"/{version}/user/account")

    missing = "missing authorization header"
    text = '"Authorization" is missing from header' if version == "v1alpha" else missing
    assert_error(answer, version, 401, "unauthorized", text)


@every_version
@pytest.mark.parametrize("key", ["sk-" + "x" * 48, "Bearer", "sk", "Basic dXNlcjpwYXNz", "x" * 4000])
def test_wrong_key(server: Server, version: str, key: str) -> None:
    """401 with the recorded text, whatever the key looks like; a lone ``Bearer`` is no key at all."""
    with Client(server.url, key=None) as client:
        answer = client.get(f"/{version}/user/balance", headers={"Authorization": key})

    message = None if key == "Bearer" else "Incorrect API key provided"
    assert_error(answer, version, 401, "unauthorized", message)


@every_version
def test_key_comes_before_body_and_engine(server: Server, version: str) -> None:
    """A wrong key with a wrong body for a wrong engine is a wrong key."""
    with Client(server.url, key="sk-wrong") as client:
        answer = client.post(path(version, engine="nothing"), data="{", headers={"Content-Type": "application/json"})

    assert_error(answer, version, 401, "unauthorized", "Incorrect API key provided")


@every_version
@pytest.mark.parametrize("task", ["text-to-image", "image-to-image", "masking"])
def test_unknown_engine(client: Client, version: str, task: str) -> None:
    """404 that names the engine, for every task."""
    ask: dict[str, Any] = {
        "text-to-image": lambda: text_to_image(client, version, "some-fake-engine"),
        "image-to-image": lambda: image_to_image(client, version, png(), "some-fake-engine"),
        "masking": lambda: masking(client, version, png(), png(), "MASK_IMAGE_WHITE", "some-fake-engine"),
    }

    message = "The specified engine (ID some-fake-engine) was not found."
    assert_error(ask[task](), version, 404, "not_found", message)


@every_version
@pytest.mark.parametrize("engine", ["sd-core", "sd3-large", "sd3.5-large-turbo"])
def test_engine_of_a_later_era(client: Client, version: str, engine: str) -> None:
    """An engine that came with later services is unknown here, though other dialects draw with it."""
    message = f"The specified engine (ID {engine}) was not found."

    assert_error(text_to_image(client, version, engine), version, 404, "not_found", message)
    assert_error(image_to_image(client, version, png(), engine), version, 404, "not_found", message)


def test_unknown_upscale_engine(client: Client) -> None:
    """Upscaling too."""
    answer = upscale(client, png(64, 64), "some-fake-engine")

    assert_error(answer, "v1", 404, "not_found", "The specified engine (ID some-fake-engine) was not found.")


@every_version
@pytest.mark.parametrize("engine", ["esrgan-v1-x2plus", "stable-diffusion-x4-latent-upscaler"])
def test_upscaler_asked_to_draw(client: Client, version: str, engine: str) -> None:
    """400: the engine exists, but not for this."""
    assert_error(text_to_image(client, version, engine), version, 400, "bad_request")


def test_drawing_engine_asked_to_upscale(client: Client) -> None:
    """400 as well."""
    assert_error(upscale(client, png(64, 64), "stable-diffusion-v1-6"), "v1", 400, "bad_request")


@every_version
@pytest.mark.parametrize(("width", "height"), [(500, 512), (512, 500), (513, 513)])
def test_size_off_the_grid(client: Client, version: str, width: int, height: int) -> None:
    """400 with the recorded text."""
    answer = text_to_image(client, version, width=width, height=height)

    assert_error(answer, version, 400, "invalid_height_or_width", GRID)


@every_version
@pytest.mark.parametrize("engine", ["stable-diffusion-xl-1024-v0-9", "stable-diffusion-xl-1024-v1-0"])
@pytest.mark.parametrize(("width", "height"), [(450, 672), (512, 512), (896, 1024)])
def test_size_not_of_sdxl(client: Client, version: str, engine: str, width: int, height: int) -> None:
    """400 with the recorded text, also for sizes off the grid; it ends in the size that was sent."""
    answer = text_to_image(client, version, engine, width=width, height=height)

    text = (
        "for stable-diffusion-xl-1024-v0-9 and stable-diffusion-xl-1024-v1-0 the allowed dimensions are "
        f"{NINE_SIZES}, but we received {width}x{height}"
    )
    assert_error(answer, version, 400, "invalid_sdxl_v1_dimensions", text)


@every_version
def test_init_image_not_of_sdxl(client: Client, version: str) -> None:
    """The same error for an init image, with its size."""
    answer = image_to_image(client, version, png(450, 672), "stable-diffusion-xl-1024-v1-0")

    body = assert_error(answer, version, 400, "invalid_sdxl_v1_dimensions")
    assert body["message"].endswith(f"{NINE_SIZES}, but we received 450x672")


@every_version
@pytest.mark.parametrize("weight", [1, -1])
def test_filtered_prompt(client: Client, version: str, weight: int) -> None:
    """Clients compare the text with ==; negative prompts are filtered too."""
    prompts = [{"text": "a meadow"}, {"text": "A Snuff-Film!", "weight": weight}]
    answer = text_to_image(client, version, text_prompts=prompts)

    assert_error(answer, version, 400, "invalid_prompts", "Invalid prompts detected")


@every_version
def test_more_than_one_sample_as_png(client: Client, version: str) -> None:
    """A PNG holds one picture; the message says how many would be right."""
    answer = text_to_image(client, version, samples=2, headers={"Accept": "image/png"})

    body = assert_error(answer, version, 400, "invalid_samples")
    assert "1" in body["message"]


@every_version
def test_init_image_that_is_no_picture(client: Client, version: str) -> None:
    """400 that says which field and what would be right."""
    answer = image_to_image(client, version, b"GIF89a" + bytes(50))

    text = "init_image: must be a PNG, JPEG or WebP picture"
    assert_error(answer, version, 400, "invalid_mime_type", text)


@every_version
@pytest.mark.parametrize("length", [1, 8, 60, 400])
def test_broken_init_image(client: Client, version: str, length: int) -> None:
    """A PNG that ends early is no picture either."""
    assert_error(image_to_image(client, version, png()[:length]), version, 400, "invalid_mime_type")


@newer_versions
def test_missing_init_image(client: Client, version: str) -> None:
    """``<field>: <reason>``."""
    answer = client.post(path(version, "image-to-image"), files={"text_prompts[0][text]": (None, "a fox")})

    assert_error(answer, version, 400, "bad_request", "init_image: is required")


def test_missing_init_image_in_v1alpha(client: Client) -> None:
    """In goa's words."""
    answer = client.post(
        path("v1alpha", "image-to-image"), files={"options": (None, '{"text_prompts":[{"text":"a"}]}')}
    )

    assert_error(answer, "v1alpha", 400, "bad_request", '"init_image" is missing from body')


@newer_versions
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("steps", 9, "must be greater than or equal to 10"),
        ("steps", 151, "must be less than or equal to 150"),
        ("cfg_scale", 36, "must be less than or equal to 35"),
        ("seed", -1, "must be greater than or equal to 0"),
        ("seed", 2**32, "must be less than or equal to 4294967295"),
        ("samples", 0, "must be greater than or equal to 1"),
        ("samples", 11, "must be less than or equal to 10"),
        ("width", 64, "must be greater than or equal to 128"),
        ("text_prompts", ..., "is required"),
        ("text_prompts", [], "must have at least 1 item"),
        ("steps", "30", "must be an integer"),
        ("seed", 1.5, "must be an integer"),
        ("seed", True, "must be an integer"),
    ],
)
def test_field_out_of_its_bounds(client: Client, version: str, field: str, value: object, reason: str) -> None:
    """``<field>: <reason>`` for every rule of the contract."""
    answer = text_to_image(client, version, **{field: value})

    assert_error(answer, version, 400, "bad_request", f"{field}: {reason}")


@pytest.mark.parametrize(
    ("field", "value"),
    [("sampler", "K_NONE"), ("cfg_scale", 36), ("seed", -1), ("seed", "x"), ("steps", 9), ("steps", 151)],
)
def test_v1alpha_says_body_field_must_be(client: Client, field: str, value: object) -> None:
    """A shipped client looks for ``body.<field> must be``; JSON bodies and ``options`` alike."""
    for answer in (
        text_to_image(client, "v1alpha", **{field: value}),
        image_to_image(client, "v1alpha", png(), **{field: value}),
    ):
        body = assert_error(answer, "v1alpha", 400, "bad_request")
        assert body["message"].startswith(f"body.{field} must be ")


@every_version
def test_empty_prompt(client: Client, version: str) -> None:
    """An empty text is refused everywhere, also beside another prompt."""
    answer = text_to_image(client, version, text_prompts=[{"text": "a fox"}, {"text": ""}])

    body = assert_error(answer, version, 400, "bad_request")
    assert "text_prompts[1].text" in body["message"]


@every_version
@pytest.mark.parametrize("weight", [-10.01, 10.01])
def test_weight_out_of_bounds(client: Client, version: str, weight: float) -> None:
    """Weights go from -10 to 10."""
    answer = text_to_image(client, version, text_prompts=[{"text": "a fox", "weight": weight}])

    body = assert_error(answer, version, 400, "bad_request")
    assert "text_prompts[0].weight" in body["message"]


@every_version
def test_every_error_has_an_id_of_its_own(client: Client, version: str) -> None:
    """Ids are never used twice, not even for the same mistake."""
    ids = {text_to_image(client, version, steps=1).json()["id"] for _ in range(20)}

    assert len(ids) == 20


@every_version
@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/vnd.goa.error"])
def test_errors_are_json_whatever_is_accepted(client: Client, version: str, accept: str) -> None:
    """A client that wants PNG gets its errors in JSON."""
    answers: list[requests.Response] = [
        text_to_image(client, version, steps=1, headers={"Accept": accept}),
        client.get(f"/{version}/nothing", headers={"Accept": accept}),
    ]

    assert_error(answers[0], version, 400, "bad_request")
    assert_error(answers[1], version, 404, "not_found")
