"""The neutral words every dialect is translated into before an engine sees it.

Nothing here may name a service, a route or a wire format.
"""

from __future__ import annotations

import enum
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from engines.prices import PriceRule
from engines.sizes import SizeRule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
"""Height x width x 3 (RGB) for pictures, height x width for masks; 0 to 255."""

MAX_SEED = 2**32 - 1


class Task(enum.StrEnum):
    """What an engine can be asked to do."""

    TEXT_TO_IMAGE = "text-to-image"
    IMAGE_TO_IMAGE = "image-to-image"
    MASKING = "masking"
    UPSCALE = "upscale"


class Sampler(enum.StrEnum):
    """The ten denoising samplers of the Stable Diffusion world."""

    DDIM = "DDIM"
    DDPM = "DDPM"
    K_DPMPP_2M = "K_DPMPP_2M"
    K_DPMPP_2S_ANCESTRAL = "K_DPMPP_2S_ANCESTRAL"
    K_DPM_2 = "K_DPM_2"
    K_DPM_2_ANCESTRAL = "K_DPM_2_ANCESTRAL"
    K_EULER = "K_EULER"
    K_EULER_ANCESTRAL = "K_EULER_ANCESTRAL"
    K_HEUN = "K_HEUN"
    K_LMS = "K_LMS"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text with its weight; a negative weight asks for less of it."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class GenerationRequest:
    """Everything an engine needs to know, whatever contract it came through.

    ``width`` and ``height`` are the size of the pictures that come out, in pixels. ``init`` is
    height x width x 3, ``mask`` is height x width where 255 means "replace this pixel" and 0 means
    "leave it exactly as it is". ``schedule_start`` is the share of the noise schedule that is run:
    0 returns ``init`` untouched, 1 ignores it. ``schedule_end`` is the share of the schedule that
    is skipped at its tail. Picture i of ``samples`` is drawn with ``seeds()[i]`` and equals the
    picture of the same request made alone with that seed.
    """

    task: Task
    engine_id: str
    width: int
    height: int
    seed: int
    prompts: tuple[Prompt, ...] = ()
    samples: int = 1
    steps: int = 30
    cfg_scale: float = 7.0
    sampler: Sampler | None = None
    guidance: str | None = None
    style: str | None = None
    init: Pixels | None = None
    mask: Pixels | None = None
    schedule_start: float = 1.0
    schedule_end: float = 0.0

    def seeds(self) -> tuple[int, ...]:
        """The seed of every sample: counting up from ``seed`` modulo 2^32, skipping 0."""
        return tuple((self.seed - 1 + i) % MAX_SEED + 1 if self.seed else 0 for i in range(self.samples))


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A finished picture: height x width x 3 pixels, not to be changed, and the seed it was drawn with.

    ``unsafe`` is the verdict of the engine's own safety checker, if it has one.
    """

    pixels: Pixels
    seed: int
    unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """How many steps an engine takes when none are asked for, and what it accepts."""

    default: int = 30
    minimum: int = 10
    maximum: int = 150


@dataclass(frozen=True, slots=True)
class EngineCard:
    """An engine described before it is loaded."""

    id: str
    name: str
    description: str
    tasks: frozenset[Task]
    sizes: SizeRule
    price: PriceRule
    steps: Steps = Steps()
    side: int = 512
    """Width and height of a picture when a request names none, in pixels."""
    scale: int = 1
    """How many times larger an upscaler answers when no size is asked for."""
    prompted: bool = True
    """Whether prompts mean anything to this engine (plain upscalers ignore them, and steps with them)."""
    guided: bool = True
    """Whether guidance presets mean anything to this engine (SDXL ignores them)."""
    cfg_scale: float = 7.0
    """How strictly prompts are followed where a contract leaves that to the engine."""
    era: int = 1
    """The generation of interfaces that the engine came with. Interfaces of the first, which list engines and have
    their ids in the path, know only engines of the first."""


class EngineFamily(Protocol):
    """A workshop that can run some engines: one technique, many cards."""

    name: str

    def offers(self, card: EngineCard) -> bool:
        """Whether this engine could run now: its weights, if it needs any, are at hand."""
        ...

    def missing(self, card: EngineCard) -> None:
        """Tell the owner, in the log, what would mend that somebody asked for an engine that is not offered."""
        ...

    def recall(self, card: EngineCard, request: GenerationRequest) -> tuple[Picture, ...] | None:
        """The finished pictures of an equal request, at once; None where they have to be made.

        Only a family whose pictures follow from the request alone may remember any.
        """
        ...

    def submit(self, card: EngineCard, request: GenerationRequest) -> Future[tuple[Picture, ...]]:
        """Start the work; the future holds one picture per sample, in the order of ``seeds()``."""
        ...

    def close(self) -> None:
        """Stop all work and free what is held."""
        ...
