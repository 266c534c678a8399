"""A request as the painter sees it: what is asked for, and which dice decide the rest."""

from __future__ import annotations

from dataclasses import dataclass

from engines.sketch.noise import Dice
from engines.sketch.palette import Palette, mood, palette
from engines.sketch.wording import Wanted, wanted
from engines.types import EngineCard, GenerationRequest, Sampler

_UNGUIDED = "NONE"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Everything that decides a painting, except its size and its style.

    ``theme`` follows from engine, prompts and seed and decides the composition. ``touch`` follows from
    these and from steps, scale, sampler and guidance, and decides how it is carried out, so that turning
    one of those knobs gives the same motif drawn differently. Size and style enter neither: the same
    scene can be had in another format or treatment.
    """

    mood: str
    palette: Palette
    words: Wanted
    steps: int
    sampler: Sampler
    guidance: str
    theme: Dice
    touch: Dice


def plan(card: EngineCard, request: GenerationRequest, seed: int) -> Plan:
    """The plan for one picture of the request."""
    sampler = automatic(request.sampler, guidance := _guidance(card, request))
    text = [fact for prompt in request.prompts for fact in (prompt.text, float(prompt.weight))]
    theme = Dice.of(card.id, seed, *text)
    touch = Dice.of(card.id, seed, request.steps, float(request.cfg_scale), sampler.value, guidance, *text)
    words = wanted(request.prompts)
    chosen = mood(words, theme.fork("mood"))
    colours = palette(chosen, words, float(request.cfg_scale), theme.fork("palette"))
    return Plan(chosen, colours, words, request.steps, sampler, guidance, theme, touch)


def automatic(sampler: Sampler | None, guidance: str) -> Sampler:
    """The sampler asked for; without one, DPM++ 2M, or its ancestral kin where the guidance needs that."""
    if sampler is not None:
        return sampler
    return Sampler.K_DPMPP_2S_ANCESTRAL if guidance.startswith("FAST_") else Sampler.K_DPMPP_2M


def _guidance(card: EngineCard, request: GenerationRequest) -> str:
    return (request.guidance or _UNGUIDED) if card.guided else _UNGUIDED
