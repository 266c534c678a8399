"""Helps generated requests past the front door, so that they reach the engines and not only a 404.

A generator knows the schema, not which engines there are, what sizes they take or what a picture is. Most
cases therefore get a real engine, and those that are meant to be valid get a real picture in one of its
sizes as well and lose the ``Organization`` that nobody is a member of. Every fourth case stays as it was
generated: the unknown engine, the byte that is no picture and the foreign organization are tested too.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import MutableMapping
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from engines.catalog import CARDS
from engines.errors import SizeRefused
from engines.types import EngineCard, Task
from tests.pictures import png

TASKS = {
    "text-to-image": Task.TEXT_TO_IMAGE,
    "image-to-image": Task.IMAGE_TO_IMAGE,
    "masking": Task.MASKING,
    "upscale": Task.UPSCALE,
}
SIZES = ((512, 512), (768, 768), (1024, 1024), (512, 768), (1152, 896))
FEW = 2
"""Samples are cut down to this many, except in every fourth case: ten large pictures take seconds."""


def further(_: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Schemathesis' hook ``map_case``."""
    task = TASKS.get(case.path.rpartition("/")[2])
    chance = zlib.crc32(repr((case.path_parameters, case.headers, case.body)).encode("utf-8", "backslashreplace"))
    if task is None or chance % 4 == 0:
        return case
    card = _card(task, chance)
    if not _is_negative(case, ParameterLocation.PATH):
        case.path_parameters["engine_id"] = card.id
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.headers.pop("Organization", None)
        _fit(case.body, card)
    return case


def _is_negative(case: schemathesis.Case, where: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(where)


def _card(task: Task, chance: int) -> EngineCard:
    cards = [card for card in CARDS if task in card.tasks]
    return cards[chance // 4 % len(cards)]


def _fit(body: Any, card: EngineCard) -> None:
    """Put sizes and pictures the engine takes in place of generated ones."""
    if not isinstance(body, MutableMapping):
        return
    width, height = _size(card)
    for name in ("init_image", "mask_image"):
        if name in body:
            body[name] = _picture(width, height)
    if "image" in body:
        body["image"] = _picture(128, 128)
    words = body["options"] if isinstance(body.get("options"), MutableMapping) else body
    if "init_image" not in body and "image" not in body:
        words["width"], words["height"] = width, height
    if words.get("width") and words.get("height") and "image" in body:
        del words["height"]
    for side in ("width", "height"):
        if isinstance(words.get(side), int) and "image" in body:
            words[side] = min(words[side], 1024)
    if isinstance(words.get("samples"), int):
        words["samples"] = min(words["samples"], FEW)


@functools.cache
def _size(card: EngineCard) -> tuple[int, int]:
    return next((size for size in SIZES if _takes(card, size)), SIZES[0])


def _takes(card: EngineCard, size: tuple[int, int]) -> bool:
    try:
        card.sizes.check(*size)
    except SizeRefused:
        return False
    return True


@functools.cache
def _picture(width: int, height: int) -> bytes:
    return png(width, height)


def is_valid_generation(case: schemathesis.Case) -> bool:
    """Whether a case asks for a picture and was meant to be valid."""
    return case.path.startswith("/generation") and case.meta is not None and case.meta.generation.mode.is_positive
