"""One request in the words of each version: JSON, bracketed form fields, or v1alpha's ``options``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import requests

from tests.pictures import artifact_pixels
from tests.running import VERSIONS, Client

ENGINE = "stable-diffusion-v1-6"
SMALL = "stable-diffusion-xl-beta-v2-2-2"
SMALL_SIZE = {"width": 128, "height": 128}
"""The smallest picture there is, for tests that only look at what is around it."""
PROMPT = "a red fox in fresh snow"
STEPS = 10
SEED = 4021

every_version = pytest.mark.parametrize("version", VERSIONS)
newer_versions = pytest.mark.parametrize("version", ["v1", "v1beta"])


def path(version: str, task: str = "text-to-image", engine: str = ENGINE) -> str:
    """The path of a generation."""
    return f"/{version}/generation/{engine}/{task}"


def words(**changes: Any) -> dict[str, Any]:
    """A small cheap request; ``changes`` override it, ``...`` takes a word away."""
    whole = {"text_prompts": [{"text": PROMPT}], "seed": SEED, "steps": STEPS, **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def text_to_image(
    client: Client, version: str, engine: str = ENGINE, headers: Mapping[str, str | None] | None = None, **changes: Any
) -> requests.Response:
    """A picture from prompts."""
    return client.post(path(version, engine=engine), json=words(**changes), headers=headers)


def image_to_image(
    client: Client, version: str, init: bytes, engine: str = ENGINE, **changes: Any
) -> requests.Response:
    """A picture from a picture."""
    return _upload(client, path(version, "image-to-image", engine), {"init_image": init}, words(**changes))


def masking(
    client: Client, version: str, init: bytes, mask: bytes | None, source: str, engine: str = ENGINE, **changes: Any
) -> requests.Response:
    """Part of a picture made anew."""
    files = {"init_image": init} | ({"mask_image": mask} if mask is not None else {})
    return _upload(client, path(version, "image-to-image/masking", engine), files, words(mask_source=source, **changes))


def upscale(
    client: Client,
    image: bytes,
    engine: str = "esrgan-v1-x2plus",
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> requests.Response:
    """A larger picture; only v1 can."""
    flat = dict(flattened(fields))
    return client.post(path("v1", "image-to-image/upscale", engine), files={"image": image}, data=flat, headers=headers)


def flattened(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Words as form fields: ``text_prompts[0][text]``, numbers as text."""
    for name, value in fields.items():
        if name == "text_prompts":
            for index, prompt in enumerate(value):
                yield from ((f"text_prompts[{index}][{key}]", str(inner)) for key, inner in prompt.items())
        else:
            yield name, value if isinstance(value, str) else json.dumps(value)


def picture(response: requests.Response, index: int = 0) -> np.ndarray:
    """The pixels of one artifact of a successful answer."""
    assert response.status_code == 200, response.text
    return artifact_pixels(response.json(), index)


def credits_of(client: Client, version: str = "v1") -> Decimal:
    """The balance, exact."""
    answer = client.get(f"/{version}/user/balance")
    return Decimal(json.loads(answer.content, parse_float=str, parse_int=str)["credits"])


def _upload(client: Client, where: str, files: Mapping[str, bytes], fields: dict[str, Any]) -> requests.Response:
    if where.startswith("/v1alpha/"):
        return client.post(where, files=files, data={"options": json.dumps(fields)})
    return client.post(where, files=files, data=dict(flattened(fields)))
