"""The models and schedulers of Stablecog by their ids, and which engine and sampler of ours serve each.

Ids, names, default sizes and the schedulers of each family of models are those that the service published in its
documentation and its open code. Fine-tuned models are served by the engine they were tuned from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.dialects.stablecog.refusals import UnknownModel, UnknownScheduler
from app.studio import Studio
from engines.errors import UnknownEngine
from engines.prices import Flat
from engines.sizes import PixelRange
from engines.types import EngineCard, Sampler, Steps, Task

SHORTEST, LONGEST, GRID = 256, 1024, 8
SIZES = PixelRange(SHORTEST * SHORTEST, LONGEST * LONGEST, multiple=GRID, shortest=SHORTEST, longest=LONGEST)
STEPS = Steps(default=30, minimum=10, maximum=50)
PRICE = Flat(Fraction(1))
LARGEST_DEFAULT = 768
"""More pixels than 768x768 are too many for the default number of steps."""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """A scheduler as the service names it, and the sampler that comes nearest to it."""

    id: str
    name: str
    sampler: Sampler


LMS = Scheduler("55027f8b-f046-4e71-bc51-53d5448661e0", "K_LMS", Sampler.K_LMS)
EULER = Scheduler("6fb13b76-9900-4fa4-abf8-8f843e034a7f", "K_EULER", Sampler.K_EULER)
EULER_ANCESTRAL = Scheduler("af2679a4-dbbb-4950-8c06-c3bb15416ef6", "K_EULER_ANCESTRAL", Sampler.K_EULER_ANCESTRAL)
DPM_2M = Scheduler("9d175114-9a26-4371-861c-729ba9ecb4da", "DPM++_2M", Sampler.K_DPMPP_2M)
DPM_2S = Scheduler("7e98751f-e135-4206-b855-48b141e7b98f", "DPM++_2S", Sampler.K_DPMPP_2S_ANCESTRAL)
UNIPC = Scheduler("01e94c28-501d-4c6d-8f00-079f3230bf58", "UNIPC", Sampler.K_DPMPP_2M)
DDIM = Scheduler("82cf78dd-6afb-48cc-aca6-14224cca6950", "DDIM", Sampler.DDIM)
DDPM = Scheduler("cc1b8dbf-0aec-4e52-8110-8082506fb7ba", "DDPM", Sampler.DDPM)
P_SAMPLER = Scheduler("b7224e56-1440-43b9-ac86-66d66f9e8c91", "P_SAMPLER", Sampler.DDPM)
HEUN = Scheduler("efee957a-dea5-48b2-a66a-1990dc2265c5", "K_HEUN", Sampler.K_HEUN)
DPM_2 = Scheduler("K_DPM_2", "K_DPM_2", Sampler.K_DPM_2)
DPM_2_ANCESTRAL = Scheduler("K_DPM_2_ANCESTRAL", "K_DPM_2_ANCESTRAL", Sampler.K_DPM_2_ANCESTRAL)
"""The service has no id for the last two; ours is the name."""

OF_STABLE_DIFFUSION = (LMS, EULER, EULER_ANCESTRAL, DPM_2M, DPM_2S, UNIPC)
OF_KANDINSKY = (P_SAMPLER, DDIM)
OF_KANDINSKY_2_2 = (DDPM, DPM_2M)
ALL = (*OF_STABLE_DIFFUSION, DDIM, DDPM, P_SAMPLER, HEUN, DPM_2, DPM_2_ANCESTRAL)


@dataclass(frozen=True, slots=True)
class Model:
    """What can be asked for; ``side`` is the width and height of its pictures when none are asked for, in pixels."""

    id: str
    name: str
    engine_id: str
    side: int
    schedulers: tuple[Scheduler, ...] = OF_STABLE_DIFFUSION

    @property
    def default_scheduler(self) -> Scheduler:
        """DPM++ 2M, which engines take by themselves, where the service does not name another."""
        return self.schedulers[0] if DPM_2M not in self.schedulers else DPM_2M

    def scheduler(self, wanted: str | None) -> Scheduler:
        """The scheduler of this id, or the default one. Raises ``UnknownScheduler``."""
        if wanted is None:
            return self.default_scheduler
        for scheduler in self.schedulers:
            if scheduler.id.lower() == wanted.lower():
                return scheduler
        raise UnknownScheduler(wanted, self.name)


MODELS = (
    Model("22b0857d-7edc-4d00-9cd9-45aa509db093", "Kandinsky", "stable-diffusion-768-v2-1", 768, OF_KANDINSKY),
    Model("048b4aa3-5586-47ed-900f-f4341c96bdb2", "Stable Diffusion v1.5", "stable-diffusion-v1-5", 512),
    Model("48a7031d-43b6-4a23-9f8c-8020eb6862e4", "Ghibli Diffusion", "stable-diffusion-v1-5", 512),
    Model("36d9d835-646f-4fc7-b9fe-98654464bf8e", "Arcane Diffusion", "stable-diffusion-v1-5", 512),
    Model("b6c1372f-31a7-457c-907c-d292a6ffef97", "Luna Diffusion", "stable-diffusion-v1-6", 768),
    Model("eaa438e1-dbf9-48fd-be71-206f0f257617", "Redshift Diffusion", "stable-diffusion-v1-5", 512),
    Model("f7f3d973-ac6f-4a7a-9db8-e89e4fba03a9", "Waifu Diffusion", "stable-diffusion-v1-5", 512),
    Model("8acfe4c8-751d-4aa6-8c3c-844e3ef478e0", "Openjourney", "stable-diffusion-v1-5", 512),
    Model("fc06f6ab-ed14-4186-a7c0-aaec288d4f38", "22h Diffusion", "stable-diffusion-v1-5", 512),
    Model("9fa49c00-109d-430f-9ddd-449f02e2c71a", "Kandinsky 2.2", "stable-diffusion-768-v2-1", 768, OF_KANDINSKY_2_2),
    Model("8002bc51-7260-468f-8840-cf1e6dbe3f8a", "SDXL", "stable-diffusion-xl-1024-v1-0", 768),
    Model("3fb1f6d9-c0d3-4ae4-adf4-77f8da78a6f7", "Waifu Diffusion XL", "stable-diffusion-xl-1024-v1-0", 768),
    Model("4e54440f-ee17-4712-b4b6-0671b94d685d", "SSD-1B", "stable-diffusion-xl-1024-v1-0", 768),
    Model("986d447d-c38b-4218-a2c8-6e0b691f47ec", "Stable Diffusion 3", "sd3-medium", 768),
    Model("0a99668b-45bd-4f7e-aa9c-f9aaa41ef13b", "FLUX.1", "sd3.5-large", 768),
)
"""In the order of the service's own list, the default one first."""


class Models:
    """What can be asked for on this server: the service's models, and every engine that draws from text by its own id.

    ``engines`` says which engine serves each of the service's models.
    """

    def __init__(self, studio: Studio, engines: Mapping[str, str]) -> None:
        self._studio = studio
        self._own = tuple(dataclasses.replace(model, engine_id=engines[model.id]) for model in MODELS)

    def offered(self) -> tuple[Model, ...]:
        """Everything that could be drawn with now."""
        cards = {card.id: card for card in self._studio.cards() if Task.TEXT_TO_IMAGE in card.tasks}
        return (*(model for model in self._own if model.engine_id in cards), *map(_plain, cards.values()))

    def default(self) -> Model:
        """The first of the service's models that is offered; where none is, the one that should be."""
        return next((model for model in self.offered() if model in self._own), self._own[0])

    def find(self, wanted: str | None) -> Model:
        """The model of this id, or the default one. Raises ``UnknownModel``."""
        if wanted is None:
            return self.default()
        for model in self._own:
            if model.id == wanted.lower():
                return model
        try:
            return _plain(self._studio.card(wanted))
        except UnknownEngine:
            raise UnknownModel(wanted) from None

    def sold(self, model: Model) -> EngineCard:
        """The engine of a model, in the sizes and steps and at the price of this service. Raises ``UnknownModel``."""
        try:
            card = self._studio.card(model.engine_id)
        except UnknownEngine:
            raise UnknownModel(model.id) from None
        return dataclasses.replace(card, price=PRICE, sizes=SIZES, steps=STEPS)


def _plain(card: EngineCard) -> Model:
    return Model(card.id, card.name, card.id, min(card.side, LARGEST_DEFAULT), ALL)
