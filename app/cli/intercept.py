"""`understudy intercept`: a proxy for clients that have the address of the real service built in."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from app import logs
from app.settings import BadSetting, Settings

if TYPE_CHECKING:
    from app.intercept.cabinet import Cabinet

REAL = "api.stability.ai"
LIBRARIES = {"cryptography", "certifi"}
"""What the extra `intercept` brings."""
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62}\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
SHELLS = ("sh", "fish", "powershell", "dotenv")
BACKLOG = 512


def _hosts(_ctx: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    hosts = frozenset(value.lower().removesuffix(".") for value in values)
    for host in sorted(hosts):
        if not HOST.fullmatch(host):
            raise click.BadParameter(f"{host!r} is not the name of a host such as {REAL}")
    return hosts


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8888,
    show_default=True,
    help="Port of the proxy, 0 for a free one; 443 also serves clients whose hosts file names this machine.",
)
@click.option("--listen", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--to", metavar="URL", help="The Understudy to use, instead of starting one.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    default=(REAL,),
    show_default=True,
    callback=_hosts,
    help="A host to intercept; give it again for more. All others are refused.",
)
@click.option(
    "--test/--no-test", default=True, show_default=True, help="Start Understudy as a test double, in memory only."
)
@click.option("--env", "only_env", is_flag=True, help="Only print the variables for the shell of the client.")
@click.option("--shell", type=click.Choice(SHELLS), default="sh", show_default=True, help="How to print them.")
@click.option("--ca", "only_ca", is_flag=True, help="Only print where the authority's certificate is.")
@click.argument("serve_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- SERVE_OPTIONS]")
@click.pass_obj
def intercept(
    env: Mapping[str, str],
    port: int,
    listen: str,
    to: str | None,
    hosts: frozenset[str],
    test: bool,
    only_env: bool,
    shell: str,
    only_ca: bool,
    serve_options: tuple[str, ...],
) -> None:
    """Divert https://api.stability.ai to Understudy, for clients that cannot be told another address.

    Runs a proxy that takes connections to that host alone, under a certificate of its own, and refuses
    every other. The client needs a few variables, which are printed. Without --to an Understudy is
    started as well; options for `understudy serve` follow after `--`.

    \b
    Examples:
      understudy intercept
      understudy intercept --to http://127.0.0.1:8080
      understudy intercept -- --strict
      eval "$(understudy intercept --env)"
    """
    if to and serve_options:
        raise click.UsageError("options for `understudy serve` have no use with --to")
    settings = Settings.from_mapping(env)
    cabinet = _cabinet(settings)
    fresh = cabinet.prepare(hosts)
    if only_ca:
        click.echo(cabinet.ca)
    elif only_env:
        click.echo(_snippet(shell, listen, port, cabinet))
    else:
        logs.start(settings.log_level)
        own_options = ("--test", *serve_options) if test else serve_options
        _run(hosts, to, own_options, (listen, port), shell, cabinet, fresh=fresh)


def _cabinet(settings: Settings) -> Cabinet:
    try:
        from app.intercept.cabinet import Cabinet  # noqa: PLC0415 -- an extra that may be missing
    except ModuleNotFoundError as missing:
        if missing.name not in LIBRARIES:
            raise
        raise click.ClickException(
            "this needs libraries that are not installed: pip install 'understudy[intercept]'"
        ) from None
    return Cabinet(settings.home)


def _run(
    hosts: frozenset[str],
    to: str | None,
    own_options: tuple[str, ...],
    address: tuple[str, int],
    shell: str,
    cabinet: Cabinet,
    *,
    fresh: bool,
) -> None:
    from app.intercept.own import UnderstudyEnded  # noqa: PLC0415
    from app.intercept.session import Plan, run  # noqa: PLC0415
    from app.intercept.upstream import Upstream  # noqa: PLC0415

    if to:
        Upstream.parse(to, hosts)
    with _listening(*address) as listener:
        port = listener.getsockname()[1]

        def ready(url: str) -> None:
            names = ", ".join(f"https://{host}" for host in sorted(hosts))
            click.echo(f"Proxy: {_proxy(address[0], port)}\nAnswers for {names}: {url}")
            if fresh:
                click.echo(f"A new authority was made, which signs for nothing else: {cabinet.ca}")
            click.echo(f"In the shell of the client:\n{_snippet(shell, address[0], port, cabinet)}")
            sys.stdout.flush()

        try:
            asyncio.run(run(Plan(hosts, to, own_options), cabinet, listener, click.echo, ready))
        except UnderstudyEnded as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo("\nStopped.")


def _listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as problem:
        reason = os.strerror(problem.errno) if problem.errno else str(problem)  # Its own text repeats the address.
        raise click.ClickException(
            f"cannot listen on {address}:{port}: {reason}; choose another --port or --listen"
        ) from problem


def _snippet(shell: str, listen: str, port: int, cabinet: Cabinet) -> str:
    from app.intercept.snippets import snippet, variables  # noqa: PLC0415

    if port == 0:
        raise BadSetting("--port 0: name the port that the running proxy has printed")
    return snippet(shell, variables(_proxy(listen, port), cabinet))


def _proxy(listen: str, port: int) -> str:
    """The proxy as a client on this machine reaches it."""
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 -- recognized, not listened on
    return f"http://{here.get(listen, f'[{listen}]' if ':' in listen else listen)}:{port}"
