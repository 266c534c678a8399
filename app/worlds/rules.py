"""The rules of a world at work: which fire for a request, and what they have counted."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from app.worlds.latency import Latency, Lognormal, Work
from app.worlds.outcomes import Outcome
from app.worlds.refusals import Full
from app.worlds.rule import Asked, Effect, Match, Rule, parse

__all__ = ["Asked", "Counts", "Effect", "Fired", "Match", "Rule", "RuleState", "Rules", "parse"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many requests a rule meant, and on how many it was used; ``place`` is how many rules stood before it."""

    matched: int = 0
    fired: int = 0
    place: int = 0


@dataclass(frozen=True, slots=True)
class Fired:
    """What the rules want of one request: the rules that were used, an outcome, a latency."""

    rule_ids: tuple[str, ...] = ()
    outcome: Outcome | None = None
    latency: Latency | None = None
    dice: random.Random = field(default_factory=random.Random, compare=False, repr=False)

    def seconds(self, work: Work) -> float:
        """For how long the answer is held back."""
        return self.latency.seconds(work, self.dice) if self.latency else 0.0


@dataclass(frozen=True, slots=True)
class RuleState:
    """All rules with what they have counted, for a snapshot."""

    rules: tuple[tuple[Rule, Counts], ...]
    number: int


class Rules:
    """Rules in order of creation, ``most`` of them.

    The first rule that fits and has an outcome gives the outcome, with the latency that it may have.
    Without one, the first rule that fits and has nothing but a latency gives that. Other rules are
    not used up by the request, but their ``call`` counts it.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._rules: dict[str, Rule] = {}
        self._counts: dict[str, Counts] = {}
        self._number = 0

    def add(self, rule: Rule) -> Rule:
        """The rule with its new id. Used-up ones make room when it is needed; without room raises ``Full``."""
        if len(self._rules) >= self._most:
            self._drop_spent()
        if len(self._rules) >= self._most:
            raise Full("rules", self._most)
        self._number += 1
        named = replace(rule, id=f"rule-{self._number}")
        self._counts[named.id] = Counts(place=len(self._rules))
        self._rules[named.id] = named
        return named

    def remove(self, rule_id: str) -> bool:
        """Whether there was such a rule; now there is none."""
        self._counts.pop(rule_id, None)
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """No rules; ids go on counting, so that an old id never means a new rule."""
        self._rules.clear()
        self._counts.clear()

    def all(self) -> tuple[Rule, ...]:
        """Every rule in order, those that are used up included."""
        return tuple(self._rules.values())

    def counts(self, rule_id: str) -> Counts:
        """What a rule of ``all()`` has counted."""
        return self._counts[rule_id]

    def fire(self, asked: Asked) -> Fired:
        """Count the request and say what is to happen to it."""
        ready = [rule for rule in self._rules.values() if rule.match.means(asked) and self._ready(rule)]
        teller = next((rule for rule in ready if rule.effect.outcome), None)
        holder = teller if teller and teller.effect.latency else next((r for r in ready if not r.effect.outcome), None)
        used = {rule.id for rule in (teller, holder) if rule}
        for rule_id in used:
            counts = self._counts[rule_id]
            self._counts[rule_id] = replace(counts, fired=counts.fired + 1)
        return Fired(
            tuple(rule.id for rule in ready if rule.id in used),
            teller.effect.outcome if teller else None,
            holder.effect.latency if holder else None,
            self._dice_of(holder) if holder else random.Random(),  # noqa: S311 -- nothing here is a secret
        )

    def state(self) -> RuleState:
        """Everything, as it is now."""
        return RuleState(tuple((rule, self._counts[rule.id]) for rule in self._rules.values()), self._number)

    def restore(self, state: RuleState) -> None:
        """Everything as it was, so that the same requests meet the same rules again; ids included."""
        self._rules = {rule.id: rule for rule, _ in state.rules}
        self._counts = {rule.id: counts for rule, counts in state.rules}
        self._number = state.number

    def reset(self) -> None:
        """As at the opening: no rules, and ids from the first."""
        self.restore(RuleState((), 0))

    def _ready(self, rule: Rule) -> bool:
        """Count a request that the rule means, and whether it may be used on it."""
        counts = self._counts[rule.id]
        matched = counts.matched + 1
        self._counts[rule.id] = replace(counts, matched=matched)
        return (
            rule.match.call in {None, matched}
            and (rule.times is None or counts.fired < rule.times)
            and (rule.probability >= 1 or _dice(rule.seed, counts.place, matched).random() < rule.probability)
        )

    def _dice_of(self, rule: Rule) -> random.Random:
        seed = rule.effect.latency.seed if isinstance(rule.effect.latency, Lognormal) else rule.seed
        counts = self._counts[rule.id]
        return _dice(seed, counts.place, counts.fired)

    def _drop_spent(self) -> None:
        for rule in self.all():
            if rule.times is not None and self._counts[rule.id].fired >= rule.times:
                self.remove(rule.id)


def _dice(seed: int, place: int, turn: int) -> random.Random:
    """A generator for one turn of one rule, so that counting is all that there is to remember.

    The place keeps rules with the same seed from always agreeing.
    """
    return random.Random(f"{seed}/{place}/{turn}")  # noqa: S311 -- nothing here is a secret
