"""From the words of this contract to the workshop's: prompts, sizes, seeds, questions about texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import seeds
from app.dialects.stativerse.selling import GRID
from app.dialects.texts import sound
from app.errors import BadField
from engines.analysis.types import Analysis, Question
from engines.types import GenerationRequest, Pixels, Prompt, Task

Words = Mapping[str, Any]
"""The validated body with the contract's defaults filled in."""
Size = tuple[int, int]
"""Width and height in pixels."""

STRENGTH = 0.75
"""The share of the noise schedule that an edit runs, which no parameter says: a new picture on the old composition."""


@dataclass(frozen=True, slots=True)
class Order:
    """A picture that is asked for.

    ``resolution`` is the size that is worked in and ``finish`` the one that is answered in, None where the input says
    so. ``guarded`` is the text that is judged by its safety, None where nothing is to be judged.
    """

    prompt: str
    negative: str
    resolution: Size | None
    finish: Size | None
    steps: int
    guidance: float
    crop: bool
    cut_out: bool
    guarded: str | None
    form: str
    seed: int


def order(words: Words) -> Order:
    """What a body of one of the two operations on pictures asks for."""
    prompt = sound(words.get("prompt", ""))
    return Order(
        prompt=prompt,
        negative=sound(words.get("negative_prompt", "")),
        resolution=_size("resolution", words),
        finish=_size("post_resolution", words),
        steps=_whole("steps", words["steps"]),
        guidance=float(words["guidance"]),
        crop=words["crop"],
        cut_out=words["remove_background"],
        guarded=_guarded(words, prompt),
        form=words["output_format"],
        seed=_whole("seed", words["seed"]) if "seed" in words else seeds.source.get()(),
    )


def generation(engine_id: str, wanted: Order, drawn: Size) -> GenerationRequest:
    """A picture from text, drawn in ``drawn`` rounded up to the grid."""
    width, height = map(_up, drawn)
    return GenerationRequest(
        task=Task.TEXT_TO_IMAGE,
        engine_id=engine_id,
        width=width,
        height=height,
        seed=seeds.counted(wanted.seed),
        prompts=_prompts(wanted),
        steps=wanted.steps,
        cfg_scale=wanted.guidance,
    )


def edit(engine_id: str, wanted: Order, start: Pixels) -> GenerationRequest:
    """A picture from ``start``, whose sides are on the grid."""
    height, width = start.shape[:2]
    drawn = generation(engine_id, wanted, (width, height))
    return replace(drawn, task=Task.IMAGE_TO_IMAGE, init=start, schedule_start=STRENGTH)


def size(field: str, sides: Sequence[float]) -> Size:
    """Width and height in a field, as whole numbers. Raises ``BadField``."""
    width, height = (_whole(f"{field}[{i}]", side) for i, side in enumerate(sides))
    return width, height


def question(task: Analysis, words: Words) -> Question:
    """The texts of a body and what they are scored against."""
    texts = [words["input"]] if isinstance(words["input"], str) else words["input"]
    return Question(task, tuple(map(sound, texts)), tuple(map(sound, words["choices"])))


def _guarded(words: Words, prompt: str) -> str | None:
    """The prompt behind the instruction, if the texts are to be judged; only the judge sees the instruction."""
    if "safety_input" in words:
        return f"{sound(words['safety_input'])}\n{prompt}"
    return prompt if words["safety_check"] else None


def _prompts(wanted: Order) -> tuple[Prompt, ...]:
    negative = (Prompt(wanted.negative, -1.0),) if wanted.negative else ()
    return (Prompt(wanted.prompt), *negative)


def _size(field: str, words: Words) -> Size | None:
    return size(field, words[field]) if field in words else None


def _whole(field: str, number: float) -> int:
    """The document knows numbers only, so 8.0 is as good as 8. Raises ``BadField`` for what lies between."""
    if number != int(number):
        raise BadField(field, "type", ["integer"])
    return int(number)


def _up(side: int) -> int:
    return -(-side // GRID) * GRID
