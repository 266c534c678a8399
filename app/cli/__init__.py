"""The command line: `understudy serve | intercept | accounts | keys | credits | engines`.

Subcommands are imported when they are run: `understudy --help` loads neither redis nor a web
framework. A subcommand finds its environment, with the options of the group already applied, in
``ctx.obj``: a mapping for ``Settings.from_mapping``.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import click

from app.accounts.refusals import Refused
from app.errors import CounterError, StoreUnavailable
from app.settings import BadSetting
from app.store.problems import StoreProblem
from understudy import __version__

COMMANDS = {
    "serve": ("app.cli.serve:serve", "Start the server."),
    "intercept": ("app.cli.intercept:intercept", "Divert clients of the real service to Understudy."),
    "accounts": ("app.cli.accounts:accounts", "Create and list accounts."),
    "keys": ("app.cli.keys:keys", "Create, list and revoke API keys."),
    "credits": ("app.cli.credits:credits", "Show and change balances, read the journal."),
    "engines": ("app.cli.engines:engines", "List the engines and their prices, download weights."),
}


class LateGroup(click.Group):
    """A group that knows its subcommands by name and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # click leaves the type to the command
        """Run the subcommand; what went wrong becomes one line on stderr and exit code 1."""
        try:
            return super().invoke(ctx)
        except StoreUnavailable as error:
            raise click.ClickException(f"the store does not answer: {error}") from error
        except (BadSetting, Refused, StoreProblem, CounterError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="understudy %(version)s")
@click.option("--home", metavar="FOLDER", help="Where data lives, instead of UNDERSTUDY_HOME.")
@click.option("--redis-url", metavar="URL", help="Use this Redis, instead of REDIS_URL or the embedded store.")
@click.pass_context
def main(ctx: click.Context, home: str | None, redis_url: str | None) -> None:
    """A self-hosted server that stands in for the Stability REST API.

    Accounts, keys and credits are kept in the Redis named by REDIS_URL; without one in a small
    store of our own below UNDERSTUDY_HOME. The commands work while the server runs and while it
    does not.

    \b
    Examples:
      understudy serve
      understudy accounts create --email ada@example.com --credits 100
      understudy keys create --email ada@example.com --label laptop
      understudy credits show
    """
    given = {"UNDERSTUDY_HOME": home, "REDIS_URL": redis_url}
    # Worker processes inherit the choice with the environment.
    os.environ.update({name: value for name, value in given.items() if value})
    ctx.obj = os.environ
