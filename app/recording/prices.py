"""What a request to the real service will cost at most, by our price tables, and what its answer did cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.recording.normal import NormalRequest
from app.web.answer import PNG, Answer
from engines.containers import open_container
from engines.errors import PictureUnreadable
from engines.types import EngineCard, Task

LARGEST = (1024, 1024)
"""The size that is assumed of a picture that cannot be read, which the service will refuse."""
MOST_SIDE, MOST_STEPS, MOST_SAMPLES = 2048, 150, 10
"""Beyond these the service refuses a request, which then costs nothing."""


@dataclass(frozen=True, slots=True)
class Quote:
    """``each`` picture in micro-credits, and how many there will be."""

    each: int
    samples: int

    @property
    def whole(self) -> int:
        """What all of them cost."""
        return self.each * self.samples


FREE = Quote(0, 0)


def quote(cards: Iterable[EngineCard], task: Task, engine_id: str, request: NormalRequest) -> Quote:
    """The price of a generation; an engine that we do not know costs as much as the dearest that we do."""
    offers = [card for card in cards if task in card.tasks]
    named = [card for card in offers if card.id == engine_id]
    words = request.fields.get("options", request.fields)  # v1alpha's forms carry the parameters in one field.
    words = words if isinstance(words, Mapping) else {}
    prices = [_each(card, task, words, request) for card in named or offers]
    samples = 1 if task is Task.UPSCALE else _whole(words.get("samples"), 1, MOST_SAMPLES)
    return Quote(max(prices, default=0), samples)


def cost(quoted: Quote, answer: Answer) -> int:
    """Micro-credits that an answer cost: whole pictures, filtered ones and errors excepted."""
    if answer.status != 200:
        return 0
    if answer.media_type.startswith(PNG):
        filtered = dict(answer.headers).get("finish-reason", "SUCCESS") == "CONTENT_FILTERED"
        return 0 if filtered else quoted.each
    reasons = _finish_reasons(answer.body)
    return quoted.whole if reasons is None else quoted.each * sum(reason != "CONTENT_FILTERED" for reason in reasons)


def _each(card: EngineCard, task: Task, words: Mapping[str, Any], request: NormalRequest) -> int:
    steps = _whole(words.get("steps"), card.steps.default, MOST_STEPS)
    if task is Task.TEXT_TO_IMAGE:
        size = (_whole(words.get("width"), card.side, MOST_SIDE), _whole(words.get("height"), card.side, MOST_SIDE))
    else:
        size = _uploaded(request, "image" if task is Task.UPSCALE else "init_image")
    return card.price.per_picture(*size, steps)


def _uploaded(request: NormalRequest, field: str) -> tuple[int, int]:
    kept = request.fields.get(field)
    data = request.files.get(kept["file"], b"") if isinstance(kept, Mapping) and "file" in kept else b""
    try:
        picture = open_container(data)
    except PictureUnreadable:
        return LARGEST
    return picture.width, picture.height


def _whole(value: object, default: int, most: int) -> int:
    """A positive number up to ``most``; what the service will refuse anyway becomes one that it takes."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        return default
    return min(value, most)


def _finish_reasons(body: bytes) -> list[object] | None:
    """How each picture ended; None where the answer is none that we know."""
    try:
        return [artifact["finishReason"] for artifact in json.loads(body)["artifacts"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
