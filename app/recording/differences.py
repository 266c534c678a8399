"""What two requests differ in, and which recorded one is nearest to one that nothing matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.recording.exchange import Exchange

NOTHING = "nothing"
SHOWN = 60
"""Characters of a value that are quoted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of two requests; the values are as people read them."""

    field: str
    recorded: str
    sent: str


def nearest(sent: Mapping[str, Any], recorded: Iterable[Exchange]) -> tuple[Exchange, tuple[Difference, ...]] | None:
    """The exchange that differs least, one of the same operation before all others; None if there are none."""
    found = [(exchange, differences(exchange.request, sent)) for exchange in recorded]
    return min(found, key=lambda pair: (_elsewhere(pair[0].request, sent), len(pair[1])), default=None)


def differences(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every field in which they differ, in the order of its name."""
    old, new = dict(_leaves(recorded)), dict(_leaves(sent))
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return tuple(Difference(name, old.get(name, NOTHING), new.get(name, NOTHING)) for name in names)


def _elsewhere(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> int:
    """How far apart the addresses are: another operation is further than another version or engine."""
    old, new = str(recorded["path"]).split("/"), str(sent["path"]).split("/")
    if (recorded["method"], old[-1]) != (sent["method"], new[-1]):
        return 2
    return int(old != new)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and "sha256" in value and "file" in value:
        yield name, f"a file with the hash {value['sha256'][:12]}"
    elif isinstance(value, Mapping) and value:
        for key, part in value.items():
            inside = f"{name}.{key}" if name and name not in {"fields", "headers"} else str(key)
            yield from _leaves(part, inside)
    elif isinstance(value, list) and value:
        for index, part in enumerate(value):
            yield from _leaves(part, f"{name}[{index}]")
    else:
        yield name or "body", _quoted(value)


def _quoted(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
