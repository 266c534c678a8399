"""Writes answers: a table for people, JSON for scripts."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])  # click's decorators keep any signature


def json_option(command: Command) -> Command:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")(command)


def write_json(answer: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def write_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A table, with the columns named in ``right`` aligned like numbers."""
    from tabulate import tabulate  # noqa: PLC0415  -- slow to import, and JSON does not need it

    sides = ["right" if header in right else "left" for header in headers]
    click.echo(tabulate(rows, headers, tablefmt="simple", disable_numparse=True, colalign=sides if rows else None))


def write_facts(facts: Mapping[str, str]) -> None:
    """One fact per line."""
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {value}")


def moment(milliseconds: int) -> str:
    """A point in time for people: UTC, to the second."""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
