"""Finds the house (a private folder of the wheel, or the checkout) and enters it."""

from __future__ import annotations

import sys
from pathlib import Path


def house() -> Path:
    """The folder that holds ``app``, ``engines`` and ``spec``: inside the wheel, or the checkout."""
    here = Path(__file__).resolve().parent
    private = here / "_house"
    return private if private.is_dir() else here.parent


def main() -> None:
    """Run the command line. The house comes first on the path, whatever folder we were started from."""
    sys.path.insert(0, str(house()))
    from app.cli import main as run  # noqa: PLC0415  -- importable only once the house is on the path

    run()
