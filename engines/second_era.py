"""The engines of the second era: Stable Image Core and the Stable Diffusion 3 family, which take no masks."""

from __future__ import annotations

from fractions import Fraction

from engines.prices import Flat
from engines.sizes import PixelRange
from engines.types import EngineCard, Steps, Task

ERA = 2

_SIZES_CORE = PixelRange(320 * 320, 1536 * 1536, shortest=320, longest=1536)
_SIZES_SD3 = PixelRange(512 * 512, 1536 * 1024, shortest=256, longest=1536)
"""Around one megapixel, up to 21:9 and 9:21."""

_STEPS = Steps(default=28)
_STEPS_TURBO = Steps(default=4, minimum=1, maximum=150)
"""Distilled to a few steps; more are possible and change little."""


def _sd3(id_: str, name: str, description: str, credits: str, cfg_scale: float, steps: Steps = _STEPS) -> EngineCard:
    return EngineCard(
        id=id_,
        name=name,
        description=description,
        tasks=frozenset({Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE}),
        sizes=_SIZES_SD3,
        price=Flat(Fraction(credits)),
        steps=steps,
        side=1024,
        guided=False,
        cfg_scale=cfg_scale,
        era=ERA,
    )


SECOND_ERA: tuple[EngineCard, ...] = (
    EngineCard(
        id="sd-core",
        name="Stable Image Core",
        description="Quick pictures of good quality from short prompts",
        tasks=frozenset({Task.TEXT_TO_IMAGE}),
        sizes=_SIZES_CORE,
        price=Flat(Fraction(3)),
        steps=Steps(default=50),
        side=1024,
        guided=False,
        era=ERA,
    ),
    _sd3("sd3-medium", "Stable Diffusion 3 Medium", "Stable Diffusion 3 with 2 billion parameters", "3.5", 7.0),
    _sd3("sd3-large", "Stable Diffusion 3 Large", "Stable Diffusion 3 with 8 billion parameters", "6.5", 4.0),
    _sd3(
        "sd3-large-turbo",
        "Stable Diffusion 3 Large Turbo",
        "Stable Diffusion 3 Large, distilled to a few steps",
        "4",
        1.0,
        _STEPS_TURBO,
    ),
    _sd3(
        "sd3.5-medium",
        "Stable Diffusion 3.5 Medium",
        "Stable Diffusion 3.5 with 2.5 billion parameters",
        "3.5",
        4.0,
        Steps(default=40),
    ),
    _sd3("sd3.5-large", "Stable Diffusion 3.5 Large", "Stable Diffusion 3.5 with 8 billion parameters", "6.5", 4.0),
    _sd3(
        "sd3.5-large-turbo",
        "Stable Diffusion 3.5 Large Turbo",
        "Stable Diffusion 3.5 Large, distilled to a few steps",
        "4",
        1.0,
        _STEPS_TURBO,
    ),
)
