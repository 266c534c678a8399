"""What the real service silently ignores is found: in headers, in the query, in JSON and in forms."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from app.settings import Limits
from app.testing import bodies
from app.testing.operations import Operations
from app.web.documents import load
from app.worlds.strictness import MOST, Finding, Sent, findings
from engines.catalog import CARDS

BOUNDARY = "strict"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
PROMPTS = [{"text": "a fox"}]
V16 = "stable-diffusion-v1-6"
SDXL = "stable-diffusion-xl-1024-v1-0"
OPERATIONS = Operations({name: load(name) for name in ("v1", "v1beta", "v1alpha")})
PLAIN = {"content-type": "application/json"}


def _found(
    path: str,
    body: bytes = b"",
    headers: dict[str, str] = PLAIN,
    query: tuple[str, ...] = (),
    engine: str = V16,
    method: str = "POST",
) -> tuple[Finding, ...]:
    target = OPERATIONS.find(method, path.replace("ENGINE", engine))
    assert target is not None
    assert target.operation is not None
    operation = target.operation
    reading = asyncio.run(bodies.read(operation, headers.get("content-type", ""), body, Limits()))
    sent = Sent(
        operation=operation.name,
        headers=headers,
        query=query,
        value=reading.value,
        parts=reading.parts,
        schemas=operation.schemas,
        parameters=operation.parameters,
        answers=operation.answers,
        card=next((card for card in CARDS if card.id == target.engine), None),
    )
    return findings(sent)


def _names(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.place, one.field) for one in found]


def _json(version: str = "v1", engine: str = V16, **words: Any) -> list[tuple[str, str]]:
    body = orjson.dumps({"text_prompts": PROMPTS, **words})
    return _names(_found(f"/{version}/generation/ENGINE/text-to-image", body, engine=engine))


def _form(task: str, *pairs: tuple[str, str], version: str = "v1", engine: str = V16) -> list[tuple[str, str]]:
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    )
    body = f"{parts}--{BOUNDARY}--\r\n".encode()
    headers = {"content-type": FORM_TYPE}
    return _names(_found(f"/{version}/generation/ENGINE/image-to-image{task}", body, headers, engine=engine))


INIT, TEXT = ("init_image", "bytes"), ("text_prompts[0][text]", "a fox")


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_a_request_without_faults_has_no_findings(version: str) -> None:
    """Everything that a contract reads may be sent."""
    words = {"width": 512, "height": 512, "cfg_scale": 7, "sampler": "DDIM", "samples": 1, "seed": 1, "steps": 30}

    assert _json(version, **words, style_preset="anime", clip_guidance_preset="NONE", extras={}) == []


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"prompt": "a fox"}, "prompt"),
        ({"Steps": 30}, "Steps"),
        ({"text_prompts": [{"text": "a"}, {"text": "b", "wieght": 1}]}, "text_prompts[1].wieght"),
        ({"extras": {"anything": 1}}, "extras"),
        ({"image_strength": 0.5}, "image_strength"),
        ({"options": {"steps": 30}}, "options"),
        ({"negative": None}, "negative"),
    ],
)
def test_unknown_fields_of_json(words: dict[str, Any], field: str) -> None:
    """A misspelt field is named by its whole path."""
    assert _json(**words) == [("body", field)]


@pytest.mark.parametrize(
    ("pair", "field"),
    [
        (("prompt", "a fox"), "prompt"),
        (("text_prompts[0][wieght]", "1"), "text_prompts[0][wieght]"),
        (("text_prompts[first][text]", "a"), "text_prompts[first][text]"),
        (("text_prompts[1][text]:", "a"), "text_prompts[1][text]:"),
        (("text_prompts", "[]"), "text_prompts"),
        (("]broken[", "1"), "]broken["),
        (("width", "512"), "width"),
        (("height", "512"), "height"),
        (("init_image", "another"), "init_image"),
        (("sampler[name]", "DDIM"), None),
    ],
)
def test_fields_of_forms(pair: tuple[str, str], field: str | None) -> None:
    """The parts of a form are named as they were written; what will be refused anyway is no finding."""
    assert _form("", INIT, TEXT, pair) == ([("body", field)] if field else [])


def test_prompts_as_json_in_a_form() -> None:
    """A list that is sent as JSON in one part is looked into."""
    prompts = '[{"text": "a", "weigth": 1}]'

    assert _form("", INIT, ("text_prompts", prompts)) == [("body", "text_prompts[0].weigth")]


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_sizes_beside_an_init_image(version: str) -> None:
    """The older contracts know width and height everywhere, and image-to-image looks at neither."""
    if version == "v1beta":
        found = _form("", INIT, TEXT, ("width", "512"), ("height", "512"), version=version)
    else:
        options = orjson.dumps({"text_prompts": PROMPTS, "width": 512, "height": 512}).decode()
        found = _form("", INIT, ("options", options), version=version)

    assert found == [("body", "width"), ("body", "height")]


def test_the_options_of_v1alpha() -> None:
    """Its options are the body, so fields in them are named without them."""
    options = orjson.dumps({"text_prompts": [{"text": "a", "x": 1}], "y": 1}).decode()

    assert _form("", INIT, ("options", options), ("steps", "30"), version="v1alpha") == [
        ("body", "steps"),
        ("body", "text_prompts[0].x"),
        ("body", "y"),
    ]


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("init_image_mode", "STEP_SCHEDULE"), ("image_strength", "0.4")], ["image_strength"]),
        ([("init_image_mode", "STEP_SCHEDULE"), ("step_schedule_start", "0.4")], []),
        ([("init_image_mode", "IMAGE_STRENGTH"), ("step_schedule_end", "0.4")], ["step_schedule_end"]),
        ([("step_schedule_start", "0.4")], ["step_schedule_start"]),
        ([("image_strength", "0.4")], []),
    ],
)
def test_the_mode_decides_what_counts(pairs: list[tuple[str, str]], fields: list[str]) -> None:
    """Of the two ways to say how much is kept, the one that the mode does not mean has no effect."""
    assert _form("", INIT, TEXT, *pairs) == [("body", field) for field in fields]


@pytest.mark.parametrize(("source", "fields"), [("INIT_IMAGE_ALPHA", ["mask_image"]), ("MASK_IMAGE_BLACK", [])])
def test_a_mask_beside_a_transparent_picture(source: str, fields: list[str]) -> None:
    """Where the alpha channel is the mask, a mask picture is not looked at."""
    found = _form("/masking", INIT, TEXT, ("mask_source", source), ("mask_image", "bytes"))

    assert found == [("body", field) for field in fields]


def test_what_an_engine_ignores() -> None:
    """SDXL has no guidance presets; a plain upscaler reads neither prompts nor steps."""
    image = ("image", "bytes")

    assert _json(engine=SDXL, clip_guidance_preset="SLOW") == [("body", "clip_guidance_preset")]
    assert _json(engine=SDXL, clip_guidance_preset="NONE") == []
    assert _json(clip_guidance_preset="SLOW") == []
    assert _form("/upscale", image, TEXT, ("steps", "30"), engine="esrgan-v1-x2plus") == [
        ("body", "text_prompts"),
        ("body", "steps"),
    ]
    assert _form("/upscale", image, TEXT, ("steps", "30"), engine="stable-diffusion-x4-latent-upscaler") == []


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ({"content-type": "application/json; charset=utf-8"}, []),
        ({"content-type": 'Application/JSON;charset="UTF-8"'}, []),
        ({"content-type": "application/json; charset=latin-1"}, ["Content-Type"]),
        ({"content-type": "application/json; version=2"}, ["Content-Type"]),
        ({"content-type": "application/json; boundary=x"}, ["Content-Type"]),
        ({"content-type": "text/plain"}, ["Content-Type"]),
        ({}, ["Content-Type"]),
        (PLAIN | {"accept": "image/webp"}, ["Accept"]),
        (PLAIN | {"accept": "image/webp, */*;q=0.1"}, []),
        (PLAIN | {"accept": "image/png"}, []),
        (PLAIN | {"organization": "org-1"}, []),
    ],
)
def test_headers_of_json(headers: dict[str, str], names: list[str]) -> None:
    """Another charset, a parameter that means nothing, another name for JSON, an answer that is not offered."""
    body = orjson.dumps({"text_prompts": PROMPTS})

    assert _names(_found("/v1/generation/ENGINE/text-to-image", body, headers)) == [("header", one) for one in names]


def test_headers_of_forms() -> None:
    """A form has a boundary; anything further says nothing."""
    path = "/v1/generation/ENGINE/image-to-image"

    assert _names(_found(path, b"", {"content-type": FORM_TYPE})) == []
    assert _names(_found(path, b"", {"content-type": f"{FORM_TYPE}; charset=ascii"})) == [("header", "Content-Type")]


def test_an_organization_where_none_is_asked() -> None:
    """The account belongs to no organization; the balance does."""
    headers = {"organization": "org-1"}

    assert _names(_found("/v1/user/account", b"", headers, method="GET")) == [("header", "Organization")]
    assert _names(_found("/v1/user/balance", b"", headers, method="GET")) == []


def test_parameters_in_the_query() -> None:
    """No operation reads any."""
    found = _found("/v1/engines/list", b"", {}, ("api_key", "page"), method="GET")

    assert _names(found) == [("query", "api_key"), ("query", "page")]


def test_a_finding_is_a_sentence() -> None:
    """It says what has no effect, and why."""
    (found,) = _found("/v1/engines/list", b"", {}, ("page",), method="GET")

    assert str(found) == "query page is ignored: this operation reads no such parameter"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"', b"\xff", b'{"text_prompts": 7}', b'{"a": "\\ud800"}'])
def test_broken_bodies_are_not_judged(body: bytes) -> None:
    """What is refused anyway is left to who refuses it."""
    assert {one.place for one in _found("/v1/generation/ENGINE/text-to-image", body)} <= {"body"}


def test_findings_are_bounded() -> None:
    """A client that sends nonsense by the thousand is told of some of it, in names of bearable length."""
    found = _found("/v1/generation/ENGINE/text-to-image", orjson.dumps({f"{n}{'x' * 1000}": n for n in range(2000)}))

    assert len(found) == MOST
    assert max(len(one.field) for one in found) <= 200
