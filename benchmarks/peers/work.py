"""The requests that every contestant is sent, and what a right answer to each is worth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.pricing import price_of_one
from engines.catalog import CARDS
from engines.codec import encode_png
from engines.types import GenerationRequest, Pixels, Task

KEY = "sk-" + "Bench000" * 6
ENGINE = "stable-diffusion-v1-6"
SIDE, STEPS, SEED = 512, 30, 4021
MARK = 1234567890
"""Stands where each request of a work gets a number of its own, of ten digits too."""
WORDS = "a lighthouse on a cliff at sunset, sailing boats, gulls"
STYLE = "photographic"
"""A style with grain: the PNG is about as large as that of a photograph."""
BOUNDARY = "understudy-benchmark"


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request.

    ``answer`` is what comes back: ``rows``, ``credits``, ``artifacts``, ``png`` or ``refusal``. ``price`` is what
    each costs in micro-credits. ``other`` is the body of a request that must be refused with 400, where there is one.
    """

    name: str
    title: str
    path: str
    answer: str
    headers: Mapping[str, str]
    body: bytes = b""
    status: int = 200
    price: int = 0
    varied: bool = False
    other: bytes = b""

    def wire(self, base: str, *, key: str = KEY, body: bytes | None = None, number: int | None = None) -> bytes:
        """The request as it goes over the wire to a server whose paths begin with ``base``.

        ``number`` takes the place of the mark.
        """
        sent = self.body if body is None else body
        if number is not None:
            sent = sent.replace(b"%d" % MARK, b"%d" % number)
        head = {"Host": "127.0.0.1", "Authorization": f"Bearer {key}", **self.headers}
        if sent:
            head["Content-Length"] = str(len(sent))
        lines = [f"{'POST' if sent else 'GET'} {base}{self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
        return "\r\n".join([*lines, "", ""]).encode() + sent


def works() -> tuple[Work, ...]:
    """All of them, the light ones first."""
    png, plain = {"Accept": "image/png"}, {"Accept": "application/json"}
    as_json = {"Content-Type": "application/json"}
    form = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    text, price = f"/generation/{ENGINE}/text-to-image", _price()
    cached, drawn = _words(seed=SEED, style_preset=STYLE), _words(seed=MARK)
    refused = _words(seed=SEED, style_preset=STYLE, steps=5)
    return (
        Work("engines", "engine list", "/engines/list", "rows", plain),
        Work("balance", "balance", "/user/balance", "credits", plain),
        Work("refused", "refused request", text, "refusal", plain | as_json, refused, status=400),
        Work("png", "text-to-image, PNG", text, "png", png | as_json, cached, price=price, other=refused),
        Work("json", "text-to-image, JSON", text, "artifacts", plain | as_json, cached, price=price, other=refused),
        Work(
            "form",
            "image-to-image, 300 kB",
            f"/generation/{ENGINE}/image-to-image",
            "png",
            png | form,
            _form(STEPS),
            price=price,
            other=_form(5),
        ),
        Work("drawn", "text-to-image, drawn", text, "png", png | as_json, drawn, price=price, varied=True),
    )


def _words(**more: object) -> bytes:
    body = {"text_prompts": [{"text": WORDS, "weight": 1}], "width": SIDE, "height": SIDE, "steps": STEPS}
    return json.dumps(body | more).encode()


def _form(steps: int) -> bytes:
    """The form as clients of the service write it, with a picture of about 300 kB."""
    fields = {
        "text_prompts[0][text]": WORDS,
        "text_prompts[0][weight]": "1",
        "init_image_mode": "IMAGE_STRENGTH",
        "image_strength": "0.4",
        "steps": str(steps),
        "seed": str(SEED),
        "style_preset": STYLE,
    }
    parts = [_part(f'name="{name}"', value.encode()) for name, value in fields.items()]
    picture = _part('name="init_image"; filename="init.png"\r\nContent-Type: image/png', encode_png(_grain()))
    return b"".join((*parts, picture, f"--{BOUNDARY}--\r\n".encode()))


def _part(disposition: str, value: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + value + b"\r\n"


def _grain() -> Pixels:
    """A slope of grey with grain, always the same."""
    slope: Pixels = np.linspace(60, 190, SIDE).astype(np.uint8)[None, :, None]
    grain: Pixels = np.random.default_rng(1).integers(0, 4, (SIDE, SIDE, 3), np.uint8)
    return slope + grain


def _price() -> int:
    card = next(card for card in CARDS if card.id == ENGINE)
    return price_of_one(card, GenerationRequest(Task.TEXT_TO_IMAGE, ENGINE, SIDE, SIDE, SEED, steps=STEPS))
