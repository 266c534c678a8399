"""What has to be installed for each contestant."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.contestants import FLASK, PRISM, ROOT

UVICORN = ("uvicorn", "uvloop", "httptools")
FRAMEWORKS = {
    "asyncapp": ("connexion", *UVICORN),
    "flaskapp": ("connexion", *UVICORN),
    "starlette": ("starlette", "python-multipart", *UVICORN),
}
"""What each peer in Python stands on, without the parts of Understudy that all of them share."""


@dataclass(frozen=True, slots=True)
class Size:
    """Megabytes of the files without bytecode, and with it, and the number of packages."""

    bare: float
    compiled: float
    packages: int


def size_of(contestant: str) -> Size:
    """Understudy with all that it needs; of the others the framework."""
    if contestant == "prism":
        return _folder(PRISM)
    if contestant in FRAMEWORKS:
        size = _sum(_distributions(FRAMEWORKS[contestant]), set())
        return _both(size, _folder(FLASK)) if contestant == "flaskapp" else size
    own = {str(file) for part in ("app", "engines", "spec", "understudy") for file in (ROOT / part).rglob("*")}
    return _sum(_distributions(("understudy",)), own)


def _distributions(names: tuple[str, ...]) -> list[importlib.metadata.Distribution]:
    seen: set[str] = set()
    return [importlib.metadata.distribution(found) for name in names for found in _needed(name, seen)]


def _needed(name: str, seen: set[str]) -> Iterator[str]:
    """The package and all that it needs and that is installed; what only an extra needs is left out."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    if plain in seen:
        return
    seen.add(plain)
    try:
        requirements = importlib.metadata.requires(plain) or []
    except importlib.metadata.PackageNotFoundError:
        return
    yield plain
    for requirement in requirements:
        if "extra ==" not in requirement:
            yield from _needed(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0], seen)


def _sum(packages: list[importlib.metadata.Distribution], own: set[str]) -> Size:
    """``own`` are the files of Understudy, which is installed in place and so lists none."""
    others = [package for package in packages if package.name != "understudy"]
    brought = {str(package.locate_file(file)) for package in others for file in package.files or []}
    return _measured(map(Path, brought | own), len(packages))


def _folder(folder: Path) -> Size:
    packages = {*folder.glob("*.dist-info"), *folder.glob("*/package.json"), *folder.glob("@*/*/package.json")}
    return _measured(folder.rglob("*"), len(packages))


def _measured(files: Iterator[Path], packages: int) -> Size:
    sizes = {file: file.stat().st_size / 1e6 for file in files if file.is_file()}
    bare = sum(size for file, size in sizes.items() if file.suffix != ".pyc")
    return Size(bare, sum(sizes.values()), packages)


def _both(one: Size, other: Size) -> Size:
    return Size(one.bare + other.bare, one.compiled + other.compiled, one.packages + other.packages)
