"""Serves a peer written in Python: a store of its own, an account with credits, uvicorn as fast as it goes.

``python -m benchmarks.peers.serve asyncapp --port 8080 --home FOLDER --workers 2`` is how a contestant is started.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from app.process import end_with
from app.settings import Settings
from app.store.embedded import EmbeddedStore
from app.store.opening import prepare

KEEP_ALIVE = 75


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM, or until whoever started us ends."""
    asked = _options().parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    end_with(os.getppid())
    with EmbeddedStore(asked.home) as store:
        os.environ["REDIS_URL"] = store.url
        settings = Settings.from_mapping(os.environ)
        asyncio.run(prepare(settings, settings.api_key or "", exclusive=True))
        uvicorn.run(
            f"benchmarks.peers.serve:{asked.app}",
            factory=True,
            port=asked.port,
            workers=asked.workers,
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE,
        )


def asyncapp() -> object:
    """Stock Connexion, AsyncApp."""
    from benchmarks.peers.stock import create  # noqa: PLC0415 -- one of several, each in processes of its own

    return _quiet(create())


def flaskapp() -> object:
    """Stock Connexion, FlaskApp."""
    from benchmarks.peers.flasky import create  # noqa: PLC0415 -- needs the extra "bench"

    return _quiet(create())


def starlette() -> object:
    """Starlette by hand."""
    from benchmarks.peers.bare import create  # noqa: PLC0415 -- one of several, each in processes of its own

    return _quiet(create())


def _quiet(app: object) -> object:
    """Nobody writes a log while it is measured; Connexion would write a line for each refusal."""
    logging.disable()
    end_with(os.getppid())
    return app


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.peers.serve", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("app", choices=["asyncapp", "flaskapp", "starlette"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True, help="a folder for the store")
    parser.add_argument("--workers", type=int, default=1)
    return parser


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit


if __name__ == "__main__":
    main(sys.argv[1:])
