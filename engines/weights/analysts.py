"""Reads the tables ``[analysis.<task>]`` of ``engines.toml``: which weights read texts and pictures."""

from __future__ import annotations

from pathlib import Path

from engines.analysis.types import Analysis
from engines.weights.running import read_device, read_dtype
from engines.weights.setup import AnalystSetup
from engines.weights.sources import PICKLED, SAFE, has_weights, read_source
from engines.weights.table import Table

KEYS = ("hub", "path", "revision", "variant", "pickle", "device", "dtype")


def read_analysts(own: Table, over: Table, shipped: Table, defaults: Table, folder: Path) -> tuple[AnalystSetup, ...]:
    """The analysts of the tables of ``over`` with the owner's laid over them, in the order of the tasks.

    A table of the owner's without weights changes the shipped one. Raises ``BadWorkshop``.
    """
    tables = {**_tables(over), **{task: _laid_over(task, own, shipped) for task in _tables(own)}}
    return tuple(_setup(task, tables[task], defaults, folder) for task in Analysis if task in tables)


def _tables(document: Table) -> dict[str, Table]:
    analysis = document.inner("analysis")
    analysis.allow([task.value for task in Analysis])
    return {task: analysis.inner(task) for task in analysis.keys()}  # noqa: SIM118 -- a Table is no dict


def _laid_over(task: str, own: Table, shipped: Table) -> Table:
    table = _tables(own)[task]
    table.allow(KEYS)
    base = {} if has_weights(table) else _tables(shipped)[task].values()
    return Table(table.place, f"analysis.{task}", {**base, **table.values()})


def _setup(task: Analysis, table: Table, defaults: Table, folder: Path) -> AnalystSetup:
    table.allow(KEYS)
    if Path(table.text("path") or "").suffix.lower() in {SAFE, *PICKLED}:
        raise table.refused("path", "the folder that holds the model with its config.json")
    return AnalystSetup(
        task,
        read_source(table, folder),
        device=read_device(table if "device" in table else defaults),
        dtype=read_dtype(table if "dtype" in table else defaults),
    )
