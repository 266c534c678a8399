"""What is to be played on a request: what its key, the rules of its world, its prompts and its engine say."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.testing.request import Request
from app.worlds import magic
from app.worlds.latency import Latency, Work
from app.worlds.outcomes import Outcome
from app.worlds.world import World
from engines.types import EngineCard


@dataclass(frozen=True, slots=True)
class Cue:
    """An outcome or none, for how many seconds the answer is held back, and the ids of the rules that said so."""

    outcome: Outcome | None = None
    seconds: float = 0.0
    rules: tuple[str, ...] = ()


def cue_for(request: Request, world: World, card: EngineCard | None) -> Cue:
    """A magic key decides alone; then the rules come before magic prompts, and these before magic engine ids."""
    work = Work() if request.target.engine and card is None else request.reading.work(card)
    by_key = magic.in_key(request.key)
    if by_key is not None:
        return Cue(by_key.outcome, _seconds(by_key.latency, work))
    fired = world.rules.fire(request.asked)
    by_prompt = magic.in_prompts(request.asked.prompts) or magic.Spell()
    by_engine = magic.in_engine(request.engine or "") or magic.Spell()
    outcome = fired.outcome or by_prompt.outcome or by_engine.outcome
    seconds = fired.seconds(work) if fired.latency else _seconds(by_prompt.latency, work)
    return Cue(outcome, seconds, fired.rule_ids)


def _seconds(latency: Latency | None, work: Work) -> float:
    return latency.seconds(work, random.Random()) if latency else 0.0  # noqa: S311 -- nothing here is a secret
