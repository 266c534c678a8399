"""The Lua scripts, read once; every change of the store's data is one of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Script:
    """Source and the SHA-1 by which a server knows it."""

    source: str
    digest: str


@cache
def script(name: str) -> Script:
    """The script ``lua/<name>.lua`` with the prelude before it."""
    source = "\n".join((FOLDER / f"{part}.lua").read_text("utf-8") for part in ("prelude", name))
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
