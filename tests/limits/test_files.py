"""How many bytes one uploaded picture may have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.books import books
from tests.limits.sending import noise
from tests.limits.test_pictures import OPTIONS, WORDS
from tests.pictures import png
from tests.running import Client, Server

LIMIT = 100_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes pictures of 100 kB."""
    with Server(tmp_path_factory.mktemp("files") / "home", UNDERSTUDY_MAX_FILE=str(LIMIT)) as running:
        yield running


@pytest.mark.parametrize("field", ["init_image", "mask_image"])
@pytest.mark.parametrize(
    ("data", "received"), [(noise(512), f"at most {LIMIT} bytes, but we received {len(noise(512))}"), (b"", "is empty")]
)
def test_pictures_of_too_many_bytes_or_none_are_refused(
    small: Server, version: str, field: str, data: bytes, received: str
) -> None:
    """The caller sees `invalid_file_size`, which field it is and both figures, and is not charged."""
    pictures = {"init_image": png(512, 512), "mask_image": png(512, 512, "L")} | {field: data}
    before = books(small)
    with Client(small.url) as client:
        answer = client.post(
            f"/{version}/generation/stable-diffusion-v1-5/image-to-image/masking",
            data=OPTIONS if version == "v1alpha" else WORDS,
            files={name: (name, content) for name, content in pictures.items()},
        )

    assert (answer.status_code, answer.json()["name"]) == (400, "invalid_file_size")
    assert answer.json()["message"].startswith(f"{field}: ")
    assert received in answer.json()["message"]
    assert books(small) == before


def test_a_mask_that_is_not_used_is_not_looked_at(small: Server) -> None:
    """With the alpha channel as its source an empty mask picture is ignored."""
    words = {"text_prompts[0][text]": "a boat", "mask_source": "INIT_IMAGE_ALPHA", "steps": "10"}
    with Client(small.url) as client:
        answer = client.post(
            "/v1/generation/stable-diffusion-v1-5/image-to-image/masking",
            data=words,
            files={"init_image": png(512, 512, "RGBA"), "mask_image": ("mask", b"")},
        )

    assert answer.status_code == 200
