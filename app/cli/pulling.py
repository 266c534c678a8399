"""Downloads weights for `understudy engines pull`, each of them once, and says how it went."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from app.cli.weights import extras
from engines.weights.disk import Disk
from engines.weights.fetch import PullFailed
from engines.weights.pull import Puller
from engines.weights.setup import Source, Workshop


def wanted(workshop: Workshop, ids: tuple[str, ...]) -> dict[Source, list[str]]:
    """The sources of the named engines, of all if none is named, each with those that share it."""
    known = _sources(workshop)
    found: dict[Source, list[str]] = {}
    for id_ in dict.fromkeys(ids or known):
        if id_ not in known:
            raise click.UsageError(_unknown(id_, known))
        found.setdefault(known[id_], []).append(id_)
    return found


def pull_all(sources: Mapping[Source, list[str]], cache: Path | None) -> None:
    """Download all of them; ends the program with code 1 if one failed."""
    failed = [source for source, ids in sources.items() if not _pull(source, ids, cache)]
    if failed:
        click.echo(f"{len(failed)} of {len(sources)} failed", err=True)
        sys.exit(1)


def _pull(source: Source, ids: list[str], cache: Path | None) -> bool:
    click.echo(f"{', '.join(ids)}: {source.label}")
    try:
        Puller(cache, say=lambda line: click.echo(f"  {line}")).pull(source)
    except PullFailed as problem:
        click.echo(f"  Error: {problem}", err=True)
        return False
    # What came is judged by the same eyes as before every request.
    lacking = Disk(cache).problem(source)
    if lacking:
        click.echo(f"  Error: {lacking}", err=True)
        return False
    click.echo("  on the disk")
    return True


def _sources(workshop: Workshop) -> dict[str, Source]:
    engines = {setup.engine_id: setup.source for setup in workshop.setups}
    return {**engines, **extras(workshop)}


def _unknown(id_: str, known: Mapping[str, Source]) -> str:
    if id_ in {"safety", "guidance"}:
        return f"no [{id_}] is configured; `understudy engines config` shows what to add to engines.toml"
    return f"there is no engine {id_}; there are {', '.join(known)}"
