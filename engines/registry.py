"""The one place that knows every engine: it finds cards, checks requests against them and hands work out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future

from engines.errors import EngineNotReady, SamplerRefused, StepsOutOfRange, TaskNotOffered, UnknownEngine
from engines.sizes import UpscaleRange
from engines.types import EngineCard, EngineFamily, GenerationRequest, Picture, Sampler, Task

_ANCESTRAL = frozenset({Sampler.K_DPMPP_2S_ANCESTRAL, Sampler.K_DPM_2_ANCESTRAL, Sampler.K_EULER_ANCESTRAL})


class Registry:
    """Engines by id: ``families`` says which family runs which of the ``cards``."""

    def __init__(self, families: Mapping[str, EngineFamily], cards: Iterable[EngineCard]) -> None:
        self._cards = {card.id: card for card in cards}
        self._families = dict(families)
        homeless = self._cards.keys() - self._families.keys()
        if homeless:
            raise ValueError(f"no family runs {', '.join(sorted(homeless))}")

    def cards(self) -> tuple[EngineCard, ...]:
        """The card of every engine that could run now, in the order they were given in."""
        return tuple(card for card in self._cards.values() if self._families[card.id].offers(card))

    def card(self, engine_id: str) -> EngineCard:
        """The card of one engine; ``UnknownEngine`` if there is none, or ``EngineNotReady``, which is one too."""
        card = self._cards.get(engine_id)
        if card is None:
            raise UnknownEngine(engine_id)
        family = self._families[engine_id]
        if not family.offers(card):
            family.missing(card)
            raise EngineNotReady(engine_id)
        return card

    def check(self, request: GenerationRequest, sold: EngineCard | None = None) -> EngineCard:
        """The card of the request's engine, or a ``RequestRefused`` that says what it cannot do.

        ``sold`` is the card as somebody sells the engine, with prices, sizes or steps of his own: the request then
        has to keep to that one.
        """
        card = sold or self.card(request.engine_id)
        if request.task not in card.tasks:
            raise TaskNotOffered(card.id, request.task)
        _check_arrays(request)
        _check_size(card, request)
        if card.prompted and not card.steps.minimum <= request.steps <= card.steps.maximum:
            raise StepsOutOfRange(card.steps.minimum, card.steps.maximum, request.steps)
        _check_guidance(card, request)
        return card

    def recall(self, request: GenerationRequest, card: EngineCard) -> tuple[Picture, ...] | None:
        """The pictures of a request that ``check`` found this card for, if they need not be made again."""
        return self._families[card.id].recall(card, request)

    def submit(self, request: GenerationRequest, sold: EngineCard | None = None) -> Future[tuple[Picture, ...]]:
        """Check the request and start it; the future fails with an ``EngineFailed`` if the engine does."""
        card = self.check(request, sold)
        return self._families[card.id].submit(card, request)

    def close(self) -> None:
        """Close every family once."""
        for family in {id(family): family for family in self._families.values()}.values():
            family.close()


def _check_arrays(request: GenerationRequest) -> None:
    """Callers owe consistent arrays; a mistake here is a bug of theirs and no answer for a client."""
    size = (request.height, request.width)
    needs_init = request.task is not Task.TEXT_TO_IMAGE
    if needs_init and (request.init is None or request.init.ndim != 3 or request.init.shape[2] != 3):
        raise ValueError(f"{request.task} needs init pixels, height x width x 3")
    if (
        request.task in {Task.IMAGE_TO_IMAGE, Task.MASKING}
        and request.init is not None
        and request.init.shape[:2] != size
    ):
        raise ValueError("the request must be as large as its init picture")
    if request.task is Task.MASKING and (request.mask is None or request.mask.shape != size):
        raise ValueError("masking needs a mask, height x width, as large as the init picture")


def _check_size(card: EngineCard, request: GenerationRequest) -> None:
    if isinstance(card.sizes, UpscaleRange) and request.init is not None:
        height, width = request.init.shape[:2]
        card.sizes.check_input(width, height)
    card.sizes.check(request.width, request.height)


def _check_guidance(card: EngineCard, request: GenerationRequest) -> None:
    fast = card.guided and (request.guidance or "").startswith("FAST_")
    if fast and request.sampler is not None and request.sampler not in _ANCESTRAL:
        raise SamplerRefused(f"{request.guidance} needs an ancestral sampler, got {request.sampler}", request.sampler)
