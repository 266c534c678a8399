"""Finds weights on the disk and says what is missing."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from engines.weights import layout
from engines.weights.layout import Layout
from engines.weights.setup import Located, Source

INSTALL = "pip install '.[gpu]' in the checkout"
FRESH = 1.5
"""Seconds for which an answer holds: every request asks, and the disk changes only when somebody pulls."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Weights, or what is in the way of them."""

    located: Located | None = None
    problem: str | None = None


class Disk:
    """The weights that are at hand. ``cache`` is a cache of the Hub's layout; None is the user's standard one."""

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._known: dict[Source, tuple[float, Finding]] = {}

    def locate(self, source: Source) -> Located | None:
        """Where the weights are; None when they are not there, or not completely."""
        return self._finding(source).located

    def problem(self, source: Source) -> str | None:
        """A sentence that says what is missing; None when nothing is."""
        return self._finding(source).problem

    def size(self, located: Located) -> int:
        """Bytes on the disk of the files that are read for this model, configurations included."""
        if located.file is not None:
            return located.file.stat().st_size
        folder = located.folder or Path()
        return sum((folder / name).stat().st_size for name in _judged(folder, located.variant, located.pickle).files)

    def _finding(self, source: Source) -> Finding:
        when, finding = self._known.get(source, (0.0, Finding()))
        if not when or time.monotonic() - when > FRESH:
            finding = self._look(source)
            self._known[source] = (time.monotonic(), finding)
        return finding

    def _look(self, source: Source) -> Finding:
        if source.path is not None:
            return _at(source.path, source) or self._file(source.path, source)
        if not hub_installed():
            return Finding(problem=f"huggingface_hub is not installed: {INSTALL}")
        if source.hub is None:
            place: Path | None = url_file(source, self._cache)
        else:
            place = self._in_cache(source.hub, source.revision, source.file)
        if place is None or not place.exists():
            return Finding(problem=f"{source.label} is not downloaded")
        return _at(place, source) or self._file(place, source)

    def _file(self, file: Path, source: Source) -> Finding:
        """One file, with the folder of its configuration where it needs one."""
        if not file.is_file() or not file.stat().st_size:
            return Finding(problem=f"{file} is not a file, or empty")
        if source.config is None:
            return Finding(Located(file=file, pickle=source.pickle))
        local = Path(source.config)
        folder = local if local.is_absolute() else self._config_in_cache(source.config)
        if folder is None:
            return Finding(problem=f"{source.config}, the configuration of {source.label}, is not downloaded")
        if not (folder / layout.INDEX).is_file():
            return Finding(problem=f"{folder} has no {layout.INDEX}: it is no configuration in diffusers' layout")
        lacking = layout.configuration(_read(folder / layout.INDEX), _names(folder)).missing
        if lacking:
            return Finding(problem=f"{source.config} lacks {', '.join(lacking)}")
        return Finding(Located(file=file, config=folder, pickle=source.pickle))

    def _config_in_cache(self, repository: str) -> Path | None:
        return self._in_cache(repository, None, None) if hub_installed() else None

    def _in_cache(self, repository: str, revision: str | None, file: str | None) -> Path | None:
        """A file of the Hub's cache, or the folder of a revision; None where it has neither."""
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 -- slow, and of the extra "gpu"

        for name in (file,) if file else (layout.INDEX, "config.json"):
            found = try_to_load_from_cache(repository, name, cache_dir=self._cache, revision=revision)
            if isinstance(found, str):
                return Path(found) if file else Path(found).parent
        return None


def url_file(source: Source, cache: Path | None) -> Path:
    """Where a file from elsewhere on the web is kept: beside the Hub's cache, which has rules of its own."""
    if cache is None:
        from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415 -- reads the environment

        cache = Path(HF_HUB_CACHE).expanduser().parent
    address = source.url or ""
    digest = hashlib.sha256(f"{address} {source.sha256}".encode()).hexdigest()[:12]
    return cache / "understudy" / digest / PurePosixPath(urlsplit(address).path).name


def hub_installed() -> bool:
    """Whether the library of the extra "gpu" that knows the Hub is there."""
    return importlib.util.find_spec("huggingface_hub") is not None


def _at(place: Path, source: Source) -> Finding | None:
    """What is to be said of a folder, or of nothing; None for one file."""
    if not place.exists():
        return Finding(problem=f"{place} does not exist")
    return _folder(place, source) if place.is_dir() else None


def _folder(folder: Path, source: Source) -> Finding:
    if not (folder / layout.INDEX).is_file() and not (folder / "config.json").is_file():
        return Finding(problem=f"{folder} has no {layout.INDEX}: it is no model in diffusers' layout")
    found = _judged(folder, source.variant, source.pickle)
    if found.missing:
        return Finding(problem=f"{source.label} is incomplete: it lacks {', '.join(found.missing)}")
    return Finding(Located(folder=folder, variant=found.variant, pickle=source.pickle))


def _judged(folder: Path, variant: str | None, pickle: bool) -> Layout:
    names = _names(folder)
    if layout.INDEX in names:
        return layout.pipeline(_read(folder / layout.INDEX), names, variant, pickle)
    return layout.single(names, variant, pickle)


def _names(folder: Path) -> frozenset[str]:
    """The files of a folder and of those in it that are not empty; a link whose end is missing does not count."""
    found = [*folder.iterdir(), *folder.glob("*/*")] if folder.is_dir() else []
    return frozenset(
        path.relative_to(folder).as_posix() for path in found if path.is_file() and path.stat().st_size > 0
    )


def _read(path: Path) -> Mapping[str, Any]:
    """A JSON object; an empty one where the file is broken, so that everything counts as missing from it."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
