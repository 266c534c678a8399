"""The sketch family: takes a request apart into pictures and lends them to a pool."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future

from engines.errors import EngineFailed
from engines.sketch import semantics
from engines.sketch.gathering import gather
from engines.sketch.reach import read
from engines.types import EngineCard, GenerationRequest, Picture, Pixels, Task

_TASKS: dict[Task, Callable[[semantics.Order], Pixels]] = {
    Task.TEXT_TO_IMAGE: semantics.text_to_image,
    Task.IMAGE_TO_IMAGE: semantics.image_to_image,
    Task.MASKING: semantics.masking,
    Task.UPSCALE: semantics.upscale,
}


class SketchFamily:
    """Draws for every card. The family takes over ``pool`` and shuts it down when it is closed."""

    name = "sketch"

    def __init__(self, pool: Executor, caption: bool = True) -> None:
        self._pool = pool
        self._caption = caption

    def offers(self, card: EngineCard) -> bool:
        """Always: a sketch needs no weights."""
        return True

    def missing(self, card: EngineCard) -> None:
        """Say nothing, since everything is offered."""

    def submit(self, card: EngineCard, request: GenerationRequest) -> Future[tuple[Picture, ...]]:
        """Start one task per sample, so that a request for several pictures uses every core."""
        parts: list[Future[Picture]] = []
        try:
            for seed in request.seeds():
                parts.append(self._pool.submit(draw, card, request, seed, self._caption))  # noqa: PERF401
        except RuntimeError as exc:
            for part in parts:
                part.cancel()
            raise EngineFailed("the engine is closed") from exc
        return gather(parts)

    def close(self) -> None:
        """Drop what has not started and let what has started finish by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def draw(card: EngineCard, request: GenerationRequest, seed: int, caption: bool) -> Picture:
    """One picture, now, in this thread; a module-level function so that process pools can run it too."""
    order = semantics.Order(card, read(request), seed, caption)
    return Picture(_TASKS[request.task](order), seed)
