"""Helps generated requests past the front door, so that they reach the engines and not only a 404.

A generator knows the schema, not which engines there are, what sizes they take or what a picture is. Most
cases therefore get a real engine, and those that are meant to be valid get a real picture in one of its
sizes as well and lose the ``Organization`` that nobody is a member of. Every fourth case stays as it was
generated: the unknown engine, the byte that is no picture and the foreign organization are tested too.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, MutableMapping
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from engines.catalog import CARDS
from engines.errors import SizeRefused
from engines.types import EngineCard, Task
from tests.fuzz.services import FITTING, GENERATIONS
from tests.pictures import png
from tests.running import document_paths

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
    if fit := FITTING.get(contract_of(case)):
        _fit_service(case, fit)
        return case
    task = TASKS.get(case.path.rpartition("/")[2])
    chance = _chance(case)
    if task is None or chance % 4 == 0:
        return case
    card = _card(task, chance)
    if not _is_negative(case, ParameterLocation.PATH):
        case.path_parameters["engine_id"] = card.id
    if is_positive(case):
        case.headers.pop("Organization", None)
        _fit(case.body, card)
    return case


def contract_of(case: schemathesis.Case) -> str:
    """The name of the contract that a case was made from."""
    name: str = case.operation.schema.raw_schema["info"]["version"]
    return name


def _fit_service(case: schemathesis.Case, fit: Callable[[MutableMapping[str, Any], int], None]) -> None:
    if is_positive(case) and isinstance(case.body, MutableMapping) and _chance(case) % 8:
        fit(case.body, _chance(case) // 8)


def _chance(case: schemathesis.Case) -> int:
    return zlib.crc32(repr((case.path_parameters, case.headers, case.body)).encode("utf-8", "backslashreplace"))


def _is_negative(case: schemathesis.Case, where: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(where)


def _card(task: Task, chance: int) -> EngineCard:
    cards = [card for card in CARDS if card.era == 1 and task in card.tasks]
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


def is_positive(case: schemathesis.Case) -> bool:
    """Whether a case was meant to be valid."""
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_valid_generation(case: schemathesis.Case) -> bool:
    """Whether a case asks for a picture and was meant to be valid."""
    return is_positive(case) and case.operation.label in generations(contract_of(case))


def generations(contract: str) -> set[str]:
    """The operations of a contract that make pictures, as Schemathesis calls them."""
    ours = {f"POST {path}" for path in document_paths(contract) if path.startswith("/generation/")}
    return GENERATIONS.get(contract, ours)
