"""A rule as it is written down: which requests it means, what it does to them, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from app.errors import BadField
from app.worlds.latency import Latency
from app.worlds.latency import parse as parse_latency
from app.worlds.outcomes import Outcome

_WORDS = ("operation", "path", "version", "engine", "prompt")


@dataclass(frozen=True, slots=True)
class Names:
    """What operations and versions there are, by the names that rules and journals give them."""

    operations: tuple[str, ...]
    versions: tuple[str, ...]

    def check(self, operation: object, version: object, before: str = "") -> None:
        """Raise a ``BadField`` for a name that means nothing; None is no name. ``before`` begins the field's path."""
        for name, value, known in (("operation", operation, self.operations), ("version", version, self.versions)):
            if value is not None and value not in known:
                raise BadField(f"{before}{name}", "enum", list(known), value)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is, for matching; ``operation`` is None where a path has none."""

    operation: str | None
    version: str | None
    method: str
    path: str
    engine: str | None = None
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests a rule means; None means any.

    ``path`` is a pattern with ``*`` and ``?``; ``prompt`` stands somewhere in one of the prompts, in
    any case; ``call`` is the how-manieth of the requests that all the other fields mean, from 1.
    """

    operation: str | None = None
    path: str | None = None
    version: str | None = None
    engine: str | None = None
    prompt: str | None = None
    call: int | None = None

    def means(self, asked: Asked) -> bool:
        """Whether every field but ``call`` fits."""
        return (
            self.operation in {None, asked.operation}
            and self.version in {None, asked.version}
            and self.engine in {None, asked.engine}
            and (self.path is None or fnmatchcase(asked.path, self.path))
            and (self.prompt is None or any(self.prompt.casefold() in text.casefold() for text in asked.prompts))
        )


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule does to a request; at least one of the two."""

    outcome: Outcome | None = None
    latency: Latency | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """``times`` counts the requests it is used on (None: no end); ``seed`` makes ``probability`` repeatable."""

    effect: Effect
    match: Match = field(default=Match())
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    id: str = ""

    def plain(self) -> dict[str, Any]:
        """As the control API writes it; ``parse`` reads it back, but for the id."""
        return {
            "id": self.id,
            "match": asdict(self.match),
            "effect": {
                "outcome": self.effect.outcome,
                "latency": self.effect.latency.plain() if self.effect.latency else None,
            },
            "times": self.times,
            "probability": self.probability,
            "seed": self.seed,
        }


def parse(fields: Mapping[str, Any], names: Names) -> Rule:
    """The rule that ``{"match": …, "effect": …}`` describes, still without an id. Raises ``BadField``."""
    return Rule(
        effect=_effect(_object(fields, "effect") or {}),
        match=_match(_object(fields, "match") or {}, names),
        times=_count(fields, "times", "times", default=1),
        probability=_probability(fields.get("probability", 1.0)),
        seed=_count(fields, "seed", "seed", default=0, least=0) or 0,
    )


def _match(fields: Mapping[str, Any], names: Names) -> Match:
    words = {name: _text(fields, name) for name in _WORDS}
    names.check(words["operation"], words["version"], "match.")
    return Match(**words, call=_count(fields, "call", "match.call", default=None))


def _effect(fields: Mapping[str, Any]) -> Effect:
    outcome, latency = fields.get("outcome"), _object(fields, "latency")
    if outcome is None and latency is None:
        raise BadField("effect", "required")
    if outcome is not None and outcome not in list(Outcome):
        raise BadField("effect.outcome", "enum", [str(known) for known in Outcome], outcome)
    return Effect(
        Outcome(outcome) if outcome is not None else None, parse_latency(latency) if latency is not None else None
    )


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise BadField(name, "type", ["object"], value)
    return value


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise BadField(f"match.{name}", "type", ["string"], value)
    return value


def _count(fields: Mapping[str, Any], name: str, path: str, *, default: int | None, least: int = 1) -> int | None:
    value = fields.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadField(path, "type", ["integer"], value)
    if value < least:
        raise BadField(path, "minimum", least, value)
    return value


def _probability(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadField("probability", "type", ["number"], value)
    if not value >= 0:
        raise BadField("probability", "minimum", 0, value)
    if value > 1:
        raise BadField("probability", "maximum", 1, value)
    return float(value)
