"""`understudy serve`: starts the store, then the server, says where it is, and stops both."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from app.process import application, end_with, uncollected
from app.settings import Settings
from app.store.embedded import EmbeddedStore
from app.store.opening import prepare

if TYPE_CHECKING:
    import uvicorn

GRACE = 10
"""Seconds a generation may still take after Ctrl-C."""
GRACE_OF_TESTS = 1
"""The same in test mode, where most that is still under way is a client that was told to wait."""
KEEP_ALIVE = 75
BACKLOG = 2048
TEST_KEY = "sk-test"
"""What is shown for a key in test mode, where any would do."""


@click.command(epilog="Every option can also be set in the environment; see the README for the other settings.")
@click.option("--host", help="Address to listen on (HOST; default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for a free one (PORT; default 8080).")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that serve (UNDERSTUDY_WORKERS; default 1).")
@click.option("--home", type=click.Path(file_okay=False), help="Where data lives (UNDERSTUDY_HOME).")
@click.option("--redis-url", help="Use this Redis instead of the embedded store (REDIS_URL).")
@click.option(
    "--engines",
    type=click.Choice(["sketch", "diffusers"]),
    help="sketch draws without weights; diffusers runs real models (UNDERSTUDY_ENGINES; default sketch).",
)
@click.option(
    "--engines-file",
    type=click.Path(exists=True, dir_okay=False),
    help="Which weights serve which engine (UNDERSTUDY_ENGINES_FILE; default engines.toml in the home folder).",
)
@click.option("--rate-limit/--no-rate-limit", default=None, help="Limit requests per key (UNDERSTUDY_RATE_LIMIT).")
@click.option("--caption/--no-caption", default=None, help="Caption sketched pictures (UNDERSTUDY_CAPTION).")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="How much to log to standard error (UNDERSTUDY_LOG_LEVEL; default info).",
)
@click.option(
    "--test/--no-test",
    default=None,
    help="Keep everything in memory, give every key a world of its own, play outcomes on demand (UNDERSTUDY_TEST).",
)
@click.option(
    "--strict/--no-strict",
    default=None,
    help="In test mode, refuse what the real service silently ignores (UNDERSTUDY_STRICT).",
)
@click.option("--upstream", metavar="URL", help="Forward requests to this real service (UNDERSTUDY_UPSTREAM).")
@click.option(
    "--record",
    type=click.Path(file_okay=False),
    help="Keep what the upstream answers in this folder (UNDERSTUDY_RECORD).",
)
@click.option(
    "--replay",
    type=click.Path(file_okay=False),
    help="Answer from this folder, without engines and network (UNDERSTUDY_REPLAY).",
)
@click.option(
    "--spending-cap",
    type=click.FloatRange(min=0),
    help="Credits that the recordings of a folder may cost together (UNDERSTUDY_SPENDING_CAP; default 10).",
)
@click.option("--end-with-parent", is_flag=True, help="End when the program that started this one does.")
def serve(*, end_with_parent: bool, **options: Any) -> None:
    """Serve the API until Ctrl-C.

    Without REDIS_URL a private store is started and kept in the home folder. The first start creates
    an account with an API key and credits; the key is printed at every start.
    """
    os.environ.update(_as_environment(options))
    signal.signal(signal.SIGTERM, _leave)
    try:
        settings = Settings.from_mapping(os.environ)
        with _listening(settings) as listener, _store(settings) as embedded:
            _run(Settings.from_mapping(os.environ), listener, embedded, os.getppid() if end_with_parent else None)
    except OSError as problem:
        raise click.ClickException(str(problem)) from problem
    except KeyboardInterrupt:
        click.echo("\nStopped.")


def _as_environment(options: dict[str, Any]) -> dict[str, str]:
    names = {
        "host": "HOST",
        "port": "PORT",
        "workers": "UNDERSTUDY_WORKERS",
        "home": "UNDERSTUDY_HOME",
        "redis_url": "REDIS_URL",
        "engines": "UNDERSTUDY_ENGINES",
        "engines_file": "UNDERSTUDY_ENGINES_FILE",
        "rate_limit": "UNDERSTUDY_RATE_LIMIT",
        "caption": "UNDERSTUDY_CAPTION",
        "log_level": "UNDERSTUDY_LOG_LEVEL",
        "test": "UNDERSTUDY_TEST",
        "strict": "UNDERSTUDY_STRICT",
        "upstream": "UNDERSTUDY_UPSTREAM",
        "record": "UNDERSTUDY_RECORD",
        "replay": "UNDERSTUDY_REPLAY",
        "spending_cap": "UNDERSTUDY_SPENDING_CAP",
    }
    given = {names[name]: value for name, value in options.items() if value is not None}
    switches = {True: "on", False: "off"}
    return {n: switches[value] if isinstance(value, bool) else str(value) for n, value in given.items()}


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket, taken before anything is started: a port in use is the commonest mistake."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as problem:
            other = "--port" if problem.errno in {errno.EADDRINUSE, errno.EACCES} else "--host"
            raise click.ClickException(
                f"cannot listen on {settings.host}:{settings.port}: {problem.strerror}; choose another {other}"
            ) from problem
        # Whoever comes while the rest is starting waits in line instead of being refused.
        listener.listen(BACKLOG)
        listener.set_inheritable(True)
        yield listener


@contextlib.contextmanager
def _store(settings: Settings) -> Iterator[EmbeddedStore | None]:
    """The embedded store where no Redis is named; workers find it by REDIS_URL. Test mode has none."""
    if settings.test or settings.redis_url is not None:
        yield None
        return
    embedded = EmbeddedStore(settings.home)
    embedded.start()
    try:
        os.environ["REDIS_URL"] = embedded.url
        yield embedded
    finally:
        embedded.stop()


def _run(settings: Settings, listener: socket.socket, embedded: EmbeddedStore | None, parent: int | None) -> None:
    if parent is not None:
        end_with(parent)
    key = settings.api_key or (TEST_KEY if settings.test else kept_key(settings.home))
    with uncollected():  # The rest is loaded while the store is starting.
        import uvicorn  # noqa: PLC0415
        from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

        from app.cli.greeting import greet  # noqa: PLC0415
    config = _config(settings)
    if embedded:
        embedded.wait_ready()
    if not settings.test:
        asyncio.run(prepare(settings, key, exclusive=embedded is not None))
    host, port = listener.getsockname()[:2]
    greet(f"http://{f'[{host}]' if ':' in host else host}:{port}", key, settings)
    server = uvicorn.Server(config)
    if settings.workers == 1:
        server.run(sockets=[listener])
    else:
        Multiprocess(config, sockets=[listener]).run()
    if settings.workers > 1 or server.started:
        raise KeyboardInterrupt
    sys.exit(1)


def _config(settings: Settings) -> uvicorn.Config:
    """How to serve: the server itself, or, where there will be several processes, how each of them makes it."""
    import uvicorn  # noqa: PLC0415

    alone = settings.workers == 1
    return uvicorn.Config(
        application(settings) if alone else "app.process:worker",
        factory=not alone,
        workers=settings.workers,
        http="app.web.edge:Edge",
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE_OF_TESTS if settings.test else GRACE,
    )


def kept_key(home: Path) -> str:
    """The first account's key: made at the first start, then read from ``<home>/api_key`` (mode 600)."""
    from app.store.tokens import secret_key  # noqa: PLC0415 -- loaded while the store is starting

    home.mkdir(parents=True, exist_ok=True)
    path = home / "api_key"
    if not path.exists():
        # Written aside and linked into place, so that of two starts at once both read the same whole key.
        draft = home / f"api_key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secret_key())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text().strip()
