"""Reads ``engines.toml``: which weights serve which engine, and how they run.

The shipped file lies beside this module and documents every key. An owner's file is laid over it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engines.catalog import CARDS
from engines.types import EngineCard, Sampler, Task
from engines.weights.analysts import read_analysts
from engines.weights.running import DEVICE, numbered, read_device, read_dtype
from engines.weights.scheduling import SCHEDULER_KEYS
from engines.weights.setup import AUTO, AnalystSetup, EngineSetup, Kind, LongPrompts, Source, Workshop
from engines.weights.sources import SOURCE_KEYS, has_weights, read_source
from engines.weights.table import BadWorkshop, Table

SHIPPED = Path(__file__).with_name("engines.toml")
OWN_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b", re.IGNORECASE)
RUNNING_KEYS = ("device", "dtype", "long_prompts", "compile")
ENGINE_KEYS = (*SOURCE_KEYS, "kind", *RUNNING_KEYS, "sampler", "scheduler", "tile", "like", "name", "description")
BY_ID: Mapping[str, EngineCard] = {card.id: card for card in CARDS}


def read(path: Path | None) -> Workshop:
    """The shipped file, with the owner's at ``path`` laid over it, if there is one. Raises ``BadWorkshop``.

    Engines come in the order of the catalogue, then the owner's own in the order of the file.
    """
    shipped = _document(SHIPPED)
    own = _document(path) if path else Table("", "", {})
    over = Table("", "", {}) if own.flag("only") else shipped
    folder = path.parent if path else SHIPPED.parent
    defaults = Table(str(path or SHIPPED), "defaults", {**_defaults(shipped).values(), **_defaults(own).values()})
    tables = {**_tables(over), **{id_: _laid_over(id_, own, shipped) for id_ in _tables(own)}}
    setups = tuple(_setup(id_, tables[id_], defaults, shipped, folder) for id_ in _in_order(tables))
    analysts = read_analysts(own, over, shipped, defaults, folder)
    _one_way((*setups, *analysts), str(path or SHIPPED))
    return Workshop(
        engines=setups,
        memory=_memory(own if "memory" in own else over),
        safety=_extra("safety", own, over, folder),
        guidance=_extra("guidance", own, over, folder),
        analysts=analysts,
    )


def _document(path: Path) -> Table:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadWorkshop(f"{path}: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise BadWorkshop(f"{path}: not a text in UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise BadWorkshop(f"{path}: {problem}") from problem
    document = Table(str(path), "", values)
    document.allow(("only", "defaults", "memory", "safety", "guidance", "engines", "analysis"))
    return document


def _defaults(document: Table) -> Table:
    table = document.inner("defaults")
    table.allow(RUNNING_KEYS)
    return table


def _tables(document: Table) -> dict[str, Table]:
    engines = document.inner("engines")
    return {id_: engines.inner(id_) for id_ in engines.keys()}  # noqa: SIM118 -- a Table is no dict


def _laid_over(id_: str, own: Table, shipped: Table) -> Table:
    """The owner's table of an engine, completed by the table it changes."""
    table = _tables(own)[id_]
    table.allow(ENGINE_KEYS)
    like = table.choice("like", tuple(BY_ID))
    if id_ in BY_ID and like:
        raise table.refused("like", f"it for ids of your own; {id_} is an engine of the API")
    if id_ not in BY_ID and not like:
        raise table.wrong(f'is no engine of the API; for one of your own add like = "{CARDS[4].id}" or another')
    if not OWN_ID.fullmatch(id_):
        raise table.wrong("is no id: use up to 64 lower-case letters, digits, dots, dashes and underscores")
    base = {} if has_weights(table) else _base(like, own, shipped) if like else shipped.inner("engines").raw(id_)
    merged = {**base, **table.values()}
    return Table(table.place, f"engines.{id_}", merged)


def _base(like: str, own: Table, shipped: Table) -> Mapping[str, Any]:
    """What an engine without weights of its own shares with the one it is like: all but the words about it."""
    tables = _tables(own)
    shared = _laid_over(like, own, shipped).values() if like in tables else shipped.inner("engines").raw(like)
    return {key: value for key, value in shared.items() if key not in {"name", "description"}}


def _in_order(tables: Mapping[str, Table]) -> list[str]:
    listed = [id_ for id_ in BY_ID if id_ in tables]
    return listed + [id_ for id_ in tables if id_ not in BY_ID]


def _setup(id_: str, table: Table, defaults: Table, shipped: Table, folder: Path) -> EngineSetup:
    table.allow(ENGINE_KEYS)
    card = BY_ID[table.text("like") or id_]
    pattern = shipped.inner("engines").inner(card.id)
    kind = _kind(table, pattern, card)
    running = {key: table if key in table else defaults for key in RUNNING_KEYS}
    return EngineSetup(
        engine_id=id_,
        kind=kind,
        source=read_source(table, folder, one_file=kind is Kind.ESRGAN, config=pattern.text("hub")),
        device=read_device(running["device"]),
        dtype=read_dtype(running["dtype"]),
        sampler=_sampler(table),
        scheduler=_scheduler(table),
        long_prompts=LongPrompts(running["long_prompts"].choice("long_prompts", tuple(LongPrompts)) or "cut"),
        compile=running["compile"].flag("compile"),
        tile=table.whole("tile", 32, 4096),
        like=table.text("like"),
        name=table.text("name"),
        description=table.text("description"),
    )


def _kind(table: Table, pattern: Table, card: EngineCard) -> Kind:
    kinds = (Kind.LATENT_UPSCALER, Kind.ESRGAN) if Task.UPSCALE in card.tasks else (Kind.DIFFUSION,)
    chosen = table.choice("kind", kinds) or pattern.text("kind") or Kind.DIFFUSION
    return Kind(chosen)


def _sampler(table: Table) -> Sampler | None:
    name = table.choice("sampler", tuple(Sampler))
    return Sampler(name) if name else None


def _scheduler(table: Table) -> tuple[tuple[str, str | int | float | bool], ...]:
    fields = table.inner("scheduler")
    fields.allow(SCHEDULER_KEYS)
    for key in fields.keys():  # noqa: SIM118 -- a Table is no dict
        if not isinstance(fields.raw(key), str | int | float | bool):
            raise fields.refused(key, "a text, a number, true or false")
    return tuple(fields.values().items())


def _memory(document: Table) -> tuple[tuple[str, int], ...]:
    table = document.inner("memory")
    for name in table.keys():  # noqa: SIM118 -- a Table is no dict
        if not DEVICE.fullmatch(name):
            raise table.refused(name, 'the name of a device on the left: auto, cpu, mps, cuda or "cuda:0"')
    return tuple((numbered(name), _size(table, name)) for name in table.keys())  # noqa: SIM118


def _size(table: Table, name: str) -> int:
    """Bytes: ``10GB`` is ten times a thousand to the third, ``10GiB`` ten times 1024 to the third."""
    match = SIZE.fullmatch(table.text(name) or "")
    if not match:
        raise table.refused(name, 'a size such as "10GB" or "10GiB"')
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(unit.lower() or " "))


def _extra(name: str, own: Table, over: Table, folder: Path) -> Source | None:
    document = own if name in own else over
    if name not in document:
        return None
    table = document.inner(name)
    table.allow(SOURCE_KEYS)
    return read_source(table, folder)


def _one_way(setups: Sequence[EngineSetup | AnalystSetup], place: str) -> None:
    """Refuse ``auto`` beside devices by name: two workers could choose the same one, each with a whole budget."""
    automatic = [setup.engine_id for setup in setups if setup.device == AUTO]
    if automatic and len(automatic) < len(setups):
        named = next(setup for setup in setups if setup.device != AUTO)
        table = "engines" if isinstance(named, EngineSetup) else "analysis"
        raise BadWorkshop(
            f"{place}: [{table}.{named.engine_id}] device = {named.device!r}: {automatic[0]} is on auto; "
            f"use auto for all engines, or name a device in [defaults]"
        )
