"""Every engine as data: the fifteen of the first era in the order in which the service listed them, then the second."""

from __future__ import annotations

from fractions import Fraction

from engines.prices import BySize, Flat, FlatUpToSteps, PixelSteps, StepCurve
from engines.second_era import SECOND_ERA
from engines.sizes import Box, Listed, PixelRange, UpscaleRange
from engines.types import EngineCard, Steps, Task

_DRAWING = frozenset({Task.TEXT_TO_IMAGE, Task.IMAGE_TO_IMAGE, Task.MASKING})
_UPSCALING = frozenset({Task.UPSCALE})

_STEPS = Steps(default=50, minimum=10, maximum=150)

_SIZES_512 = PixelRange(262_144, 1_048_576)
_SIZES_768 = PixelRange(589_824, 1_048_576)
_SIZES_V1_6 = PixelRange(320 * 320, 1536 * 1536, shortest=320, longest=1536)
_SIZES_XL = Listed(
    (
        (1024, 1024),
        (1152, 896),
        (1216, 832),
        (1344, 768),
        (1536, 640),
        (640, 1536),
        (768, 1344),
        (832, 1216),
        (896, 1152),
    )
)

_PRICE_SD = PixelSteps(Fraction("2.16e-8"))
_PRICE_XL_BETA = PixelSteps(Fraction("5.4e-8"))
_PRICE_XL_0_9 = StepCurve(
    listed=((30, Fraction("1.6")), (50, Fraction(2))),
    constant=Fraction("0.0122"),
    linear=Fraction("0.000127"),
    quadratic=Fraction("6.23e-7"),
)
_PRICE_XL_1_0 = FlatUpToSteps(Fraction("0.9"))

CARDS: tuple[EngineCard, ...] = (
    EngineCard(
        id="esrgan-v1-x2plus",
        name="Real-ESRGAN x2",
        description="Real-ESRGAN_x2plus upscaler model",
        tasks=_UPSCALING,
        sizes=UpscaleRange(input_maximum=1_048_576, output_maximum=4_194_304),
        price=Flat(Fraction("0.2")),
        steps=_STEPS,
        scale=2,
        prompted=False,
    ),
    EngineCard(
        id="stable-diffusion-xl-1024-v0-9",
        name="Stable Diffusion XL v0.9",
        description="Stability-AI Stable Diffusion XL v0.9",
        tasks=_DRAWING,
        sizes=_SIZES_XL,
        side=1024,
        price=_PRICE_XL_0_9,
        steps=_STEPS,
        guided=False,
    ),
    EngineCard(
        id="stable-diffusion-xl-1024-v1-0",
        name="Stable Diffusion XL v1.0",
        description="Stability-AI Stable Diffusion XL v1.0",
        tasks=_DRAWING,
        sizes=_SIZES_XL,
        side=1024,
        price=_PRICE_XL_1_0,
        steps=_STEPS,
        guided=False,
    ),
    EngineCard(
        id="stable-diffusion-v1",
        name="Stable Diffusion v1.4",
        description="Stability-AI Stable Diffusion v1.4",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-v1-5",
        name="Stable Diffusion v1.5",
        description="Stability-AI Stable Diffusion v1.5",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-v1-6",
        name="Stable Diffusion v1.6",
        description="Stability-AI Stable Diffusion v1.6",
        tasks=_DRAWING,
        sizes=_SIZES_V1_6,
        price=_PRICE_XL_1_0,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-512-v2-0",
        name="Stable Diffusion v2.0",
        description="Stability-AI Stable Diffusion v2.0",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-768-v2-0",
        name="Stable Diffusion v2.0-768",
        description="Stability-AI Stable Diffusion 768 v2.0",
        tasks=_DRAWING,
        sizes=_SIZES_768,
        side=768,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-depth-v2-0",
        name="Stable Diffusion v2.0-depth",
        description="Stability-AI Stable Diffusion Depth v2.0",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-512-v2-1",
        name="Stable Diffusion v2.1",
        description="Stability-AI Stable Diffusion v2.1",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-768-v2-1",
        name="Stable Diffusion v2.1-768",
        description="Stability-AI Stable Diffusion 768 v2.1",
        tasks=_DRAWING,
        sizes=_SIZES_768,
        side=768,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-xl-beta-v2-2-2",
        name="Stable Diffusion v2.2.2-XL Beta",
        description="Stability-AI Stable Diffusion XL Beta v2.2.2",
        tasks=_DRAWING,
        sizes=Box(),
        price=_PRICE_XL_BETA,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-diffusion-x4-latent-upscaler",
        name="Stable Diffusion x4 Latent Upscaler",
        description="Stable Diffusion x4 Latent Upscaler",
        tasks=_UPSCALING,
        sizes=UpscaleRange(input_maximum=393_216, output_maximum=6_291_456),
        price=BySize(262_144, small=Fraction(8), large=Fraction(12)),
        steps=_STEPS,
        scale=4,
    ),
    EngineCard(
        id="stable-inpainting-v1-0",
        name="Stable Inpainting v1.0",
        description="Stability-AI Stable Inpainting v1.0",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    EngineCard(
        id="stable-inpainting-512-v2-0",
        name="Stable Inpainting v2.0",
        description="Stability-AI Stable Inpainting v2.0",
        tasks=_DRAWING,
        sizes=_SIZES_512,
        price=_PRICE_SD,
        steps=_STEPS,
    ),
    *SECOND_ERA,
)
