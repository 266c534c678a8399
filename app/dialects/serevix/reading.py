"""From the fields of the form to the workshop's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import seeds
from app.dialects.aspects import ASPECTS, LARGEST_SEED, follows_negative, prompts
from app.dialects.serevix.fitting import nearest, resized
from app.dialects.uploads import Uploads
from app.errors import BadField, BadPictureSize
from engines.codec import Decoded
from engines.errors import TaskNotOffered
from engines.types import EngineCard, GenerationRequest, Task

Words = Mapping[str, Any]
"""The validated form with the contract's defaults filled in."""

CORE = "sd-core"
SHORTEST = 64


def task(words: Words) -> Task:
    """What is asked for."""
    return Task(words["mode"])


def check(model: str, card: EngineCard, words: Words) -> None:
    """Raise ``TaskNotOffered`` or ``BadField`` for what the mode or the model does not go with."""
    wanted = task(words)
    if wanted not in card.tasks or (model == CORE and wanted is Task.IMAGE_TO_IMAGE):
        raise TaskNotOffered(model, wanted)
    for field in ("image", "strength"):
        if wanted is Task.IMAGE_TO_IMAGE and field not in words:
            raise BadField(field, "required")
        if wanted is Task.TEXT_TO_IMAGE and field in words:
            raise BadField(field, "exclusive", f"mode {wanted}")
    if words.get("negative_prompt") and not follows_negative(card):
        raise BadField("negative_prompt", "exclusive", f"model {model}")
    if "style_preset" in words and model != CORE:
        raise BadField("style_preset", "exclusive", f"model {model}")


def text_to_image(card: EngineCard, words: Words) -> GenerationRequest:
    """A picture from words alone, in the size of its aspect ratio."""
    width, height = ASPECTS[words["aspect_ratio"]]
    return GenerationRequest(width=width, height=height, **_common(card, words))


def image_to_image(uploads: Uploads, card: EngineCard, image: Decoded, words: Words) -> GenerationRequest:
    """A picture from another one, in the size nearest to its own that the engine draws; picture work."""
    height, width = image.pixels.shape[:2]
    width, height = nearest(card.sizes, width, height)
    return GenerationRequest(
        width=width,
        height=height,
        init=uploads.changed(resized, image.pixels, width, height),
        schedule_start=float(words["strength"]),
        **_common(card, words),
    )


def upload(uploads: Uploads, data: bytes) -> Decoded:
    """The picture to start from; runs where picture work runs."""
    return uploads.picture("image", data, _check_size)


def _common(card: EngineCard, words: Words) -> dict[str, Any]:
    return {
        "task": task(words),
        "engine_id": card.id,
        "seed": words["seed"] or min(seeds.source.get()(), LARGEST_SEED),
        "prompts": prompts(words["prompt"], words.get("negative_prompt", "")),
        "steps": card.steps.default,
        "cfg_scale": card.cfg_scale,
        "style": words.get("style_preset"),
    }


def _check_size(width: int, height: int) -> None:
    if min(width, height) < SHORTEST:
        raise BadPictureSize("image", f"each side must be at least {SHORTEST} pixels, but we received {width}x{height}")
