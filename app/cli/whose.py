"""Options that say whose keys or credits are meant."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]  # click's decorators keep any signature


def account_options(command: Command) -> Command:
    """Add ``--email`` and ``--account``; the command gets one of them, or None, as ``account``."""

    @functools.wraps(command)
    def chosen(*args: Any, email: str | None, account: str | None, **rest: Any) -> Any:
        return command(*args, account=_at_most_one(email=email, account=account), **rest)

    with_email = click.option("--email", help="The account with this e-mail address.")(chosen)
    return click.option("--account", metavar="ID", help="The account with this id.")(with_email)


def organization_options(command: Command) -> Command:
    """Add ``--organization`` and ``--email``; the command gets both, at most one of them not None."""

    @functools.wraps(command)
    def chosen(*args: Any, email: str | None, organization: str | None, **rest: Any) -> Any:
        _at_most_one(email=email, organization=organization)
        return command(*args, email=email, organization=organization, **rest)

    with_email = click.option("--email", help="The default organization of this account.")(chosen)
    return click.option("--organization", metavar="ID|NAME", help="The organization with this id or name.")(with_email)


def _at_most_one(**given: str | None) -> str | None:
    named = {name: value for name, value in given.items() if value is not None}
    if len(named) > 1:
        raise click.UsageError("give only one of " + " and ".join(f"--{name}" for name in named))
    return next(iter(named.values()), None)
