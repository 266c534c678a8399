"""From the words of the Stability API to the workshop's: prompts, pictures, masks, schedules, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import seeds
from app.dialects.texts import sound
from app.errors import BadField
from engines.codec import Decoded
from engines.types import EngineCard, GenerationRequest, Pixels, Prompt, Sampler, Task

Words = Mapping[str, Any]
"""The validated body, or v1alpha's ``options``, with the contract's defaults filled in."""


def prompts(words: Words) -> tuple[Prompt, ...]:
    """Texts and weights."""
    return tuple(
        Prompt(sound(one["text"]), float(one.get("weight", 1.0)))
        for one in words.get("text_prompts", ())
        if one.get("text")
    )


def seed(words: Words) -> int:
    """The seed asked for; 0 or none at all is a random one."""
    return int(words.get("seed", 0)) or seeds.source.get()()


def common(card: EngineCard, task: Task, words: Words, sent: Words) -> dict[str, Any]:
    """The parameters that all diffusion tasks share, as arguments of ``GenerationRequest``."""
    sampler = words.get("sampler")
    return {
        "task": task,
        "engine_id": card.id,
        "seed": seed(words),
        "prompts": prompts(words),
        "samples": words.get("samples", 1),
        "steps": sent.get("steps", card.steps.default),
        "cfg_scale": float(words.get("cfg_scale", 7)),
        "sampler": Sampler(sampler) if sampler else None,
        "guidance": words.get("clip_guidance_preset"),
        "style": words.get("style_preset"),
    }


def text_to_image(card: EngineCard, words: Words, sent: Words) -> GenerationRequest:
    """A picture from prompts alone; a side that is not asked for is the engine's own, not the contract's 512."""
    width, height = sent.get("width", card.side), sent.get("height", card.side)
    return GenerationRequest(width=width, height=height, **common(card, Task.TEXT_TO_IMAGE, words, sent))


def image_to_image(card: EngineCard, init: Decoded, words: Words, sent: Words) -> GenerationRequest:
    """A picture from another one: as large as that one, whatever size was asked for."""
    height, width = init.pixels.shape[:2]
    start, end = schedule(words)
    shared = common(card, Task.IMAGE_TO_IMAGE, words, sent)
    return GenerationRequest(
        width=width, height=height, init=init.pixels, schedule_start=start, schedule_end=end, **shared
    )


def masking(card: EngineCard, init: Decoded, mask: Pixels, words: Words, sent: Words) -> GenerationRequest:
    """The masked part of a picture made anew."""
    height, width = init.pixels.shape[:2]
    start = float(words.get("step_schedule_start", 1.0))
    end = float(words.get("step_schedule_end", 0.0))
    shared = common(card, Task.MASKING, words, sent)
    return GenerationRequest(
        width=width, height=height, init=init.pixels, mask=mask, schedule_start=start, schedule_end=end, **shared
    )


def upscale(card: EngineCard, init: Decoded, words: Words, sent: Words) -> GenerationRequest:
    """A larger picture: to a width or a height, aspect kept, or by the engine's own factor."""
    height, width = init.pixels.shape[:2]
    wide, high = words.get("width"), words.get("height")
    if wide and high:
        raise BadField("height", "exclusive", "width")
    if wide:
        width, height = wide, max(1, round(height * wide / width))
    elif high:
        width, height = max(1, round(width * high / height)), high
    else:
        width, height = width * card.scale, height * card.scale
    shared = common(card, Task.UPSCALE, words, sent) | {"samples": 1}
    if not card.prompted:
        shared |= {"seed": 0, "prompts": ()}
    return GenerationRequest(width=width, height=height, init=init.pixels, **shared)


def schedule(words: Words) -> tuple[float, float]:
    """Where the steps start and how many are skipped at their end; the mode decides which field counts.

    v1alpha has no mode: there the schedule always counts.
    """
    end = float(words.get("step_schedule_end", 0.0))
    if words.get("init_image_mode", "STEP_SCHEDULE") == "STEP_SCHEDULE":
        return float(words["step_schedule_start"]), end
    return 1.0 - float(words["image_strength"]), 0.0
