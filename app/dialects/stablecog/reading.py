"""From the words of Stablecog to the workshop's: models and schedulers by id, defaults, pixels x steps, seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app import seeds
from app.dialects.stablecog.models import DPM_2M, Model, Models, Scheduler
from app.dialects.stablecog.refusals import TooManyPixelSteps
from app.dialects.texts import sound
from engines.types import EngineCard, GenerationRequest, Pixels, Prompt, Task

AT_MOST = 1024 * 1024 * 30
LESS_THAN = 50 * 640 * 640
"""The two limits of width x height x steps that the document gives; the second is the stricter one."""
AGAINST = -1.0
"""The weight of a negative prompt, as other contracts send it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A request with every default filled in; ``seed`` is the one asked for, or one drawn at random."""

    model: Model
    scheduler: Scheduler
    card: EngineCard
    prompt: str
    negative_prompt: str
    width: int
    height: int
    num_outputs: int
    guidance_scale: float
    inference_steps: int
    seed: int
    init_image_url: str | None
    prompt_strength: float

    def settings(self) -> dict[str, Any]:
        """The parameters by their names on the wire, as an answer tells them; sent again, they mean this order."""
        told = {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "model_id": self.model.id,
            "scheduler_id": self.scheduler.id,
            "width": self.width,
            "height": self.height,
            "num_outputs": self.num_outputs,
            "guidance_scale": self.guidance_scale,
            "inference_steps": self.inference_steps,
            "seed": self.seed,
            "prompt_strength": self.prompt_strength,
        }
        return told if self.init_image_url is None else {**told, "init_image_url": self.init_image_url}

    def request(self, init: Pixels | None) -> GenerationRequest:
        """The order as engines understand it; ``init`` has its size."""
        return GenerationRequest(
            task=Task.TEXT_TO_IMAGE if init is None else Task.IMAGE_TO_IMAGE,
            engine_id=self.card.id,
            width=self.width,
            height=self.height,
            seed=seeds.counted(self.seed),
            prompts=self._prompts(),
            samples=self.num_outputs,
            steps=self.inference_steps,
            cfg_scale=float(self.guidance_scale),
            # What engines take by themselves is left to them: not all of them know it under this name.
            sampler=None if self.scheduler is DPM_2M else self.scheduler.sampler,
            init=init,
            schedule_start=1.0 if init is None else float(self.prompt_strength),
        )

    def _prompts(self) -> tuple[Prompt, ...]:
        against = (Prompt(self.negative_prompt, AGAINST),) if self.negative_prompt else ()
        return (Prompt(self.prompt), *against)


def order(models: Models, words: Mapping[str, Any]) -> Order:
    """What is asked for, checked as far as it can be without looking at a picture.

    ``words`` is the validated body with the contract's defaults filled in. Raises ``UnknownModel``,
    ``UnknownScheduler``, ``SizeRefused`` and ``TooManyPixelSteps``.
    """
    model = models.find(words.get("model_id"))
    scheduler = model.scheduler(words.get("scheduler_id"))
    card = models.sold(model)
    width, height, steps = words.get("width", model.side), words.get("height", model.side), words["inference_steps"]
    card.sizes.check(width, height)
    _check_pixel_steps(width * height * steps)
    return Order(
        model=model,
        scheduler=scheduler,
        card=card,
        prompt=sound(words["prompt"]),
        negative_prompt=sound(words["negative_prompt"]),
        width=width,
        height=height,
        num_outputs=words["num_outputs"],
        guidance_scale=words["guidance_scale"],
        inference_steps=steps,
        seed=_seed(words.get("seed")),
        init_image_url=sound(words.get("init_image_url", "")) or None,
        prompt_strength=words["prompt_strength"],
    )


def _check_pixel_steps(product: int) -> None:
    if product > AT_MOST:
        raise TooManyPixelSteps(product, f"at most {AT_MOST}")
    if product >= LESS_THAN:
        raise TooManyPixelSteps(product, f"less than {LESS_THAN}")


def _seed(wanted: int | None) -> int:
    """The seed asked for; a negative one is none, as the service took it."""
    return seeds.source.get()() if wanted is None or wanted < 0 else wanted
