"""What a request says that the real service silently ignores: findings in a journal, refusals in strict mode."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from engines.types import EngineCard

Schema = Mapping[str, Any]
"""A plain JSON schema."""

JSON = "application/json"
FORM = "multipart/form-data"
MOST = 50
UTF8 = frozenset({"utf-8", "utf8"})
UNLISTED = "is no field of this operation and ignored"
SIZED_BY_INIT = frozenset({"image-to-image", "masking"})
COUNTERPARTS = {
    "STEP_SCHEDULE": ("image_strength",),
    "IMAGE_STRENGTH": ("step_schedule_start", "step_schedule_end"),
}
"""What each ``init_image_mode`` does not look at. v1alpha, which has no ``image_strength``, has no mode either."""
UNPROMPTED = ("text_prompts", "seed", "steps", "cfg_scale", "sampler", "clip_guidance_preset", "style_preset")

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)(:?)")
SUBSCRIPT = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that has no effect: ``place`` is ``body``, ``query`` or ``header``."""

    place: str
    field: str
    message: str

    def __str__(self) -> str:
        where = "" if self.place == "body" else f"{self.place} "
        return f"{where}{self.field} {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request of an operation that exists, as far as it could be read."""

    operation: str
    """In the words of the journal: ``text-to-image`` and so on."""
    headers: Mapping[str, str]
    """By lower-case name."""
    query: Sequence[str] = ()
    """The names of the query's parameters."""
    value: Mapping[str, Any] = field(default_factory=dict)
    """The body: everything that JSON said, or what of a form the contract knows; files as bytes."""
    parts: Sequence[str] | None = None
    """The names of a form's parts as they were written, in order; None where the body is no form."""
    schemas: Mapping[str, Schema] = field(default_factory=dict)
    """The media types that the operation takes, with what they may hold; empty where it takes no body."""
    parameters: frozenset[tuple[str, str]] = frozenset()
    """Where and what else the contract reads, such as ``("header", "organization")``."""
    answers: Sequence[str] = (JSON,)
    """The media types that the operation answers in."""
    card: EngineCard | None = None
    """The engine, if there is such a one."""


def findings(sent: Sent) -> tuple[Finding, ...]:
    """What is ignored, headers first, each thing once, and no more than ``MOST``."""
    first: dict[tuple[str, str], Finding] = {}
    for found in chain(_headers(sent), _query(sent), _body(sent)):
        first.setdefault((found.place, found.field), found)
        if len(first) == MOST:
            break
    return tuple(first.values())


def _headers(sent: Sent) -> Iterator[Finding]:
    if "organization" in sent.headers and ("header", "organization") not in sent.parameters:
        yield Finding("header", "Organization", "is ignored: this operation belongs to the account")
    if sent.schemas:
        yield from _content_type(sent)
        yield from _accept(sent.headers.get("accept", ""), sent.answers)


def _content_type(sent: Sent) -> Iterator[Finding]:
    media, *parameters = (piece.strip() for piece in sent.headers.get("content-type", "").split(";"))
    if JSON in sent.schemas and media.lower() != JSON and not media.lower().startswith("multipart/"):
        shown = f"{media!r} is ignored" if media else "is missing, which is ignored"
        yield Finding("header", "Content-Type", f"{shown}: the body is read as {JSON}")
        return
    for parameter in filter(None, parameters):
        name, _, value = parameter.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"').lower()
        if name == "charset" and value not in UTF8:
            yield Finding("header", "Content-Type", f"charset {value[:40]!r} is ignored: the body is read as utf-8")
        elif name not in ({"charset", "boundary"} if media.lower() == FORM else {"charset"}):
            yield Finding("header", "Content-Type", f"parameter {name[:40]!r} is ignored")


def _accept(accept: str, answers: Sequence[str]) -> Iterator[Finding]:
    offered = {*answers, *(f"{media.partition('/')[0]}/*" for media in answers), "*/*", ""}
    asked = [entry.partition(";")[0].strip().lower() for entry in accept.split(",")]
    if not offered & set(asked):
        yield Finding("header", "Accept", f"{accept[:80]!r} is ignored: the answer is {next(iter(answers), JSON)}")


def _query(sent: Sent) -> Iterator[Finding]:
    for name in sent.query:
        if ("query", name) not in sent.parameters:
            yield Finding("query", _shown(name), "is ignored: this operation reads no such parameter")


def _body(sent: Sent) -> Iterator[Finding]:
    schema = next((schema for media, schema in sent.schemas.items() if (media == FORM) == (sent.parts is not None)), {})
    properties: Mapping[str, Schema] = schema.get("properties", {})
    options = sent.value.get("options") if "options" in properties else None
    if isinstance(options, Mapping):
        yield from _without_effect(sent, options, properties["options"].get("properties", {}))
    else:
        yield from _without_effect(sent, sent.value, properties)
    if schema:
        yield from _names(sent.operation, sent.parts or (), schema)
        yield from _unlisted(sent.value, schema, "", sent.operation)


def _without_effect(sent: Sent, words: Mapping[str, Any], known: Mapping[str, Schema]) -> Iterator[Finding]:
    mode = words.get("init_image_mode") or known.get("init_image_mode", {}).get("default")
    yield from (
        Finding("body", name, f"is ignored: init_image_mode is {mode}")
        for name in COUNTERPARTS.get(str(mode), ())
        if words.get(name) is not None
    )
    if words.get("mask_source") == "INIT_IMAGE_ALPHA" and sent.value.get("mask_image") is not None:
        yield Finding("body", "mask_image", "is ignored: mask_source is INIT_IMAGE_ALPHA")
    yield from (_no_size(name) for name in _sides(sent.operation) if words.get(name) is not None)
    if words.get("extras"):
        yield Finding("body", "extras", "is ignored")
    if sent.card is not None:
        yield from _not_for_this_engine(sent.card, words)


def _not_for_this_engine(card: EngineCard, words: Mapping[str, Any]) -> Iterator[Finding]:
    if not card.prompted:
        for name in UNPROMPTED:
            if words.get(name) is not None:
                yield Finding("body", name, f"is ignored by {card.id}")
    elif not card.guided and words.get("clip_guidance_preset") not in {None, "NONE"}:
        yield Finding("body", "clip_guidance_preset", f"is ignored by {card.id}")


def _names(operation: str, parts: Sequence[str], schema: Schema) -> Iterator[Finding]:
    """What is wrong with the names of form fields; the contract's own names are those of ``schema``."""
    for name, times in Counter(parts).items():
        shown = _shown(name)
        if times > 1:
            yield Finding("body", shown, f"is ignored but for the last one: it was sent {times} times")
        match = NAME.fullmatch(name)
        known = schema.get("properties", {}).get(match[1]) if match else None
        if match is None or known is None:
            yield _no_size(shown) if shown in _sides(operation) else Finding("body", shown, UNLISTED)
        elif match[3]:
            yield Finding("body", shown, "has a colon at its end that is ignored")
        elif not _leads_somewhere(SUBSCRIPT.findall(match[2]), known):
            yield Finding("body", shown, UNLISTED)
        elif not match[2] and any(other.startswith(f"{name}[") for other in parts):
            yield Finding("body", shown, f"is ignored: {name}[…] was sent too")


def _leads_somewhere(subscripts: Iterable[str], schema: Schema) -> bool:
    for key in subscripts:
        if "items" in schema and key.isdecimal():
            schema = schema["items"]
        elif key in schema.get("properties", {}):
            schema = schema["properties"][key]
        else:
            return "items" not in schema and "properties" not in schema  # That is refused, not ignored.
    return True


def _unlisted(value: Any, schema: Schema, path: str, operation: str) -> Iterator[Finding]:
    """What no schema names, at any depth of a JSON body; objects that may hold anything are passed over."""
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _unlisted(item, schema["items"], f"{path}[{index}]", operation)
    if isinstance(value, Mapping) and "properties" in schema:
        for name, part in value.items():
            where = f"{path}.{name}" if path and path != "options" else name  # They are v1alpha's whole body.
            if name in schema["properties"]:
                yield from _unlisted(part, schema["properties"][name], where, operation)
            else:
                yield _no_size(name) if where in _sides(operation) else Finding("body", _shown(where), UNLISTED)


def _sides(operation: str) -> tuple[str, ...]:
    return ("width", "height") if operation in SIZED_BY_INIT else ()


def _no_size(name: str) -> Finding:
    return Finding("body", name, "is ignored: the answer is as large as init_image")


def _shown(name: str) -> str:
    """A client's name for a field, fit to be said back to it: not too long, no halves of surrogate pairs."""
    return name[:200].encode("utf-8", "replace").decode()
