"""Good requests for every operation of every contract, as parts that can be spoiled one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fuzz.contract_bodies import MASK, PICTURE, SMALL, Asked, asked
from tests.running import SERVICES, VERSIONS, base_of, document_paths

ENGINE = "stable-diffusion-v1-5"
UPSCALER = "esrgan-v1-x2plus"
BOUNDARY = b"--------spoil"
JSON = b"application/json"
FORM = b"multipart/form-data; boundary=" + BOUNDARY
SOME_ID = "5eac2abb-0f0d-484b-87e1-b5410175427b"


@dataclass(frozen=True)
class Route:
    """One operation: ``name`` is the last word of its path; ``asked`` is what its contract says of its body."""

    version: str
    method: str
    path: str
    asked: Asked

    @property
    def name(self) -> str:
        """``text-to-image``, ``masking``, and so on."""
        return self.path.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> tuple[Route, ...]:
    """Every operation of every contract, with a real engine in its path."""
    return tuple(
        Route(name, method.upper(), base_of(name) + _filled(path), asked(name, facts))
        for name in (*VERSIONS, *SERVICES)
        for path, operations in document_paths(name).items()
        for method, facts in operations.items()
    )


def _filled(path: str) -> str:
    return re.sub(r"\{\w+\}", SOME_ID, path.replace("{engine_id}", _engine(path)))


def _engine(path: str) -> str:
    return UPSCALER if path.endswith("upscale") else ENGINE


@dataclass(frozen=True)
class Part:
    """One part of a form, its header block as it goes out."""

    header: bytes
    data: bytes


@dataclass(frozen=True)
class Request:
    """One request in pieces; ``wire`` puts them together."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""
    protocol: bytes = b"HTTP/1.1"
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the body says, before it was written down."""

    def wire(self) -> bytes:
        """The request as bytes, Content-Length as in its headers."""
        head = [b" ".join((self.method, self.target, self.protocol))]
        head += [name + b": " + value for name, value in self.headers]
        return b"\r\n".join([*head, b"", self.body])

    def with_header(self, name: bytes, *values: bytes) -> Request:
        """The same with this header in place of any of its name; several values send it several times."""
        kept = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        return replace(self, headers=(*kept, *((name, value) for value in values)))

    def with_body(self, body: bytes, media_type: bytes | None = None) -> Request:
        """The same with another body, its length announced correctly."""
        sized = replace(self, body=body).with_header(b"Content-Length", b"%d" % len(body))
        return sized.with_header(b"Content-Type", media_type) if media_type else sized


def good(route: Route, key: str, samples: int = 1) -> Request:
    """A request that the operation answers with 200."""
    plain = Request(
        route.method.encode(),
        route.path.encode(),
        ((b"Host", b"127.0.0.1"), (b"Authorization", b"Bearer " + key.encode()), (b"Accept", b"image/png")),
    )
    if route.method == "GET":
        return plain
    values = good_values(route, samples)
    return with_values(replace(plain, values=values), route, values)


def good_values(route: Route, samples: int = 1) -> dict[str, Any]:
    """The parameters of a good request; pictures as bytes."""
    if route.version not in VERSIONS:
        return route.asked.good()
    words: dict[str, Any] = {"text_prompts": [{"text": "a boat", "weight": 1}], "steps": 10, "samples": samples}
    match route.name:
        case "text-to-image":
            return words | {"width": 512, "height": 512, "cfg_scale": 7, "seed": 5}
        case "upscale":
            return {"image": SMALL}
        case "masking":
            pictures: dict[str, Any] = {"init_image": PICTURE, "mask_image": MASK}
            words |= {"mask_source": "MASK_IMAGE_BLACK"}
        case _:
            pictures = {"init_image": PICTURE}
            words |= {"step_schedule_start": 0.6}
    return pictures | ({"options": words} if route.version == "v1alpha" else words)


def with_values(request: Request, route: Route, values: Mapping[str, Any]) -> Request:
    """The request with these parameters, written the way the operation takes them."""
    if not route.asked.form:
        return replace(request.with_body(_json(values), JSON), values=values)
    return replace(request.with_body(form(parts_of(values)), FORM), values=values)


def parts_of(values: Mapping[str, Any]) -> list[Part]:
    """Form parts for the parameters: pictures as they are, prompts in brackets, all else as text."""
    parts = []
    for name, value in values.items():
        if name == "text_prompts" and isinstance(value, list) and all(isinstance(one, dict) for one in value):
            parts += [
                part(f"text_prompts[{index}][{key}]", _text(inner))
                for index, prompt in enumerate(value)
                for key, inner in prompt.items()
            ]
        else:
            parts.append(part(name, value if isinstance(value, bytes) else _text(value)))
    return parts


def part(name: str, data: bytes, more: bytes = b"") -> Part:
    """A part with a Content-Disposition and, in ``more``, whatever else its header shall hold."""
    named = name.encode("utf-8", "replace")
    return Part(b'Content-Disposition: form-data; name="' + named + b'"' + more, data)


def form(parts: list[Part], boundary: bytes = BOUNDARY, end: bytes = b"--\r\n") -> bytes:
    """The parts as a multipart body."""
    pieces = [b"--" + boundary + b"\r\n" + one.header + b"\r\n\r\n" + one.data + b"\r\n" for one in parts]
    return b"".join([*pieces, b"--", boundary, end])


def _text(value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else _json(value)


def _json(value: Any) -> bytes:
    text = json.dumps(value, default=lambda data: data.decode("latin-1"))
    return text.encode("utf-8", "surrogatepass")
