"""Small requests that ask for a lot of work: each is refused while it is still small."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.fuzz.books import books, resident
from tests.pictures import png
from tests.running import VERSIONS, Client, Server

ROUTE = "generation/stable-diffusion-v1-6"
WIDE = {
    "lists": b'{"text_prompts":[' + b"[]," * 3_000_000 + b"[]]}",
    "objects": b'{"text_prompts":[' + b'{"a":1},' * 2_000_000 + b'{"a":1}]}',
    "keys": b"{" + b",".join(b'"k%d":1' % i for i in range(1_000_000)) + b"}",
    "prompts": b'{"text_prompts":[' + b'{"text":"a"},' * 1_000_000 + b'{"text":"a"}]}',
}
GROWTH = 200_000_000


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server to throw bombs at."""
    with Server(tmp_path_factory.mktemp("bombs") / "home") as running:
        yield running


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", WIDE)
def test_json_with_millions_of_values_is_refused_unparsed(target: Server, version: str, kind: str) -> None:
    """The caller sees one short error, and the server's memory does not grow by what the values would take."""
    before = resident(target)
    with Client(target.url) as client:
        answer = client.post(
            f"/{version}/{ROUTE}/text-to-image", data=WIDE[kind], headers={"Content-Type": "application/json"}
        )

    assert (answer.status_code, answer.json()["name"]) == (400, "bad_request")
    assert answer.json()["message"] == "body: more than 10000 values"
    assert resident(target) - before < GROWTH


@pytest.mark.parametrize("field", ["options", "text_prompts"])
def test_json_in_a_form_is_bounded_alike(target: Server, field: str) -> None:
    """A form field that holds JSON is no way around it."""
    version = "v1alpha" if field == "options" else "v1"
    with Client(target.url) as client:
        answer = client.post(
            f"/{version}/{ROUTE}/image-to-image",
            files={"init_image": png()},
            data={field: "[" + "[]," * 300_000 + "1]"},
        )

    assert (answer.status_code, answer.json()["name"]) == (400, "bad_request")


def test_a_long_list_of_prompts_is_still_drawn(client: Client) -> None:
    """What a person might really send is far below the bound."""
    prompts = [{"text": f"a red barn, number {i}, in the snow", "weight": 0.5} for i in range(1_000)]

    answer = client.post(f"/v1/{ROUTE}/text-to-image", json={"text_prompts": prompts})

    assert answer.status_code == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_jpeg_of_a_thousand_scans_is_refused(target: Server, version: str) -> None:
    """A progressive JPEG that repeats its last scan would keep a decoder busy for minutes; it is no picture here."""
    before = books(target)
    words = {"text_prompts": [{"text": "a barn"}]}
    form = {"options": json.dumps(words)} if version == "v1alpha" else {"text_prompts[0][text]": "a barn"}
    with Client(target.url) as client:
        answer = client.post(f"/{version}/{ROUTE}/image-to-image", files={"init_image": scans(1_000)}, data=form)

    assert (answer.status_code, answer.json()["name"]) == (400, "invalid_mime_type")
    assert books(target) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_a_picture_the_engine_would_refuse_is_not_decoded(target: Server, version: str) -> None:
    """The size is refused by the header; what follows it, here nothing that could be decoded, is not looked at."""
    words = {"text_prompts": [{"text": "a barn"}]}
    form = {"options": json.dumps(words)} if version == "v1alpha" else {"text_prompts[0][text]": "a barn"}
    broken = bytearray(png(2048, 1984))
    broken[-200:-100] = bytes(100)
    with Client(target.url) as client:
        answer = client.post(f"/{version}/{ROUTE}/image-to-image", files={"init_image": bytes(broken)}, data=form)

    assert (answer.status_code, answer.json()["name"]) == (400, "invalid_image_dimensions")


def scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes ``count`` times."""
    buffer = io.BytesIO()
    Image.new("L", (1024, 1024), 200).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]
