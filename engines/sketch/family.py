"""The sketch family: takes a request apart into pictures, and has a pool draw those that it does not remember.

What draws is imported with the first picture.
"""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Executor, Future

from engines.codec import fixed
from engines.errors import EngineFailed
from engines.memory import Memory, Same
from engines.sketch.gathering import gather
from engines.sketch.reach import read
from engines.types import EngineCard, GenerationRequest, Picture


class SketchFamily:
    """Draws for every card. The family takes over ``pool`` and shuts it down when it is closed.

    Equal requests give equal pixels, so a picture that is still in ``memory`` is not drawn again.
    """

    name = "sketch"

    def __init__(self, pool: Executor, caption: bool = True, memory: Memory | None = None) -> None:
        self._pool = pool
        self._caption = caption
        self._memory = memory or Memory(0)

    def offers(self, card: EngineCard) -> bool:
        """Always: a sketch needs no weights."""
        return True

    def missing(self, card: EngineCard) -> None:
        """Say nothing, since everything is offered."""

    def recall(self, card: EngineCard, request: GenerationRequest) -> tuple[Picture, ...] | None:
        """The pictures of the request if all of them are remembered, the very objects that were handed out before."""
        facts = self._facts(card, request)
        pictures: list[Picture] = []
        for seed in request.seeds():
            picture = self._memory.get((facts, seed))
            if picture is None:
                return None
            pictures.append(picture)
        return tuple(pictures)

    def submit(self, card: EngineCard, request: GenerationRequest) -> Future[tuple[Picture, ...]]:
        """Start one task per sample, so that a request for several pictures uses every core."""
        facts = self._facts(card, request)
        parts: list[Future[Picture]] = []
        try:
            for seed in request.seeds():
                parts.append(self._started(card, request, seed, facts))  # noqa: PERF401
        except RuntimeError as exc:
            for part in parts:
                part.cancel()
            raise EngineFailed("the engine is closed") from exc
        return gather(parts)

    def close(self) -> None:
        """Drop what has not started and let what has started finish by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _started(self, card: EngineCard, request: GenerationRequest, seed: int, facts: Hashable) -> Future[Picture]:
        known = self._memory.get((facts, seed))
        if known is not None:
            return _done(known)
        part = self._pool.submit(draw, card, request, seed, self._caption)
        letters = sum(len(prompt.text) for prompt in request.prompts)
        part.add_done_callback(lambda done: self._remember((facts, seed), letters, done))
        return part

    def _remember(self, key: Hashable, letters: int, done: Future[Picture]) -> None:
        if not done.cancelled() and done.exception() is None:
            picture = done.result()
            self._memory.keep(key, picture, picture.pixels.nbytes + 4 * letters)

    def _facts(self, card: EngineCard, request: GenerationRequest) -> Hashable:
        """Everything that decides a picture but its seed. Pictures to start from count by identity."""
        pixels = tuple(None if one is None else Same(one) for one in (request.init, request.mask))
        numbers = (request.width, request.height, request.steps, request.cfg_scale)
        schedule = (request.schedule_start, request.schedule_end)
        engine = (card.id, card.prompted, card.guided, self._caption)
        words = (request.task, request.prompts, request.sampler, request.guidance, request.style)
        return Picture, engine, words, numbers, schedule, pixels


def draw(card: EngineCard, request: GenerationRequest, seed: int, caption: bool) -> Picture:
    """One picture, now, in this thread; a module-level function so that process pools can run it too."""
    from engines.sketch import semantics  # noqa: PLC0415

    order = semantics.Order(card, read(request), seed, caption)
    return Picture(fixed(semantics.TASKS[request.task](order)), seed)


def _done(picture: Picture) -> Future[Picture]:
    future: Future[Picture] = Future()
    future.set_result(picture)
    return future
