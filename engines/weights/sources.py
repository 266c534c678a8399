"""Reads where weights come from: the keys of a table that make a ``Source``."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from engines.weights.setup import Source
from engines.weights.table import Table

WEIGHTS = ("hub", "path", "url")
SOURCE_KEYS = (*WEIGHTS, "file", "revision", "variant", "config", "sha256", "pickle")
SAFE = ".safetensors"
PICKLED = (".ckpt", ".pt", ".pth", ".bin")
REPOSITORY = re.compile(
    r"(?!.*(?:--|\.\.))[a-z0-9_][\w.-]{0,95}/[a-z0-9_][\w.-]{0,95}(?<![.-])", re.ASCII | re.IGNORECASE
)
SHA256 = re.compile(r"[0-9a-f]{64}")
URL = re.compile(r"https?://[^\s/]+/\S+")


def has_weights(table: Table) -> bool:
    """Whether a table names weights, rather than changing how those of another table run."""
    return any(key in table for key in WEIGHTS)


def read_source(table: Table, folder: Path, *, one_file: bool = False, config: str | None = None) -> Source:
    """The source that a table describes; paths are relative to ``folder``. Raises ``BadWorkshop``.

    ``one_file`` is for models that are one file without a configuration. ``config`` is the repository
    that explains one file where the table names none.
    """
    named = [key for key in WEIGHTS if table.text(key)]
    if len(named) != 1:
        have = f"has {' and '.join(named)}" if named else "has no weights"
        raise table.wrong(f"{have}: use exactly one of hub, path and url")
    source = Source(
        hub=_matching(table, "hub", REPOSITORY, '"owner/name" of a repository of the Hub'),
        path=_path(table, "path", folder),
        revision=_only_with(table, "revision", "hub"),
        file=_only_with(table, "file", "hub"),
        variant=table.text("variant"),
        pickle=table.flag("pickle"),
        url=_matching(table, "url", URL, "an address that begins with https:// and ends with a file's name"),
        sha256=_only_with(table, "sha256", "url"),
    )
    if source.url and not (source.sha256 and SHA256.fullmatch(source.sha256)):
        raise table.refused("sha256", "the 64 hexadecimal digits that `sha256sum` prints for the file")
    file = _checked_file(table, source)
    if one_file and file is None:
        raise table.refused(named[0], 'one file: add file = "….safetensors", or name it with path')
    if file is None or one_file:
        if table.text("config"):
            raise table.refused("config", "it for weights that are one file with a configuration elsewhere")
        return source
    return _with_config(table, source, folder, config)


def _checked_file(table: Table, source: Source) -> str | None:
    """The name of the one file that the weights are, or None for a folder."""
    key = "file" if source.file else "url" if source.url else "path"
    name = source.file or source.url or (source.path.name if source.path else "")
    suffix = Path(name).suffix.lower()
    if key == "path" and suffix not in {SAFE, *PICKLED}:
        return None
    if not name:
        return None
    if suffix not in {SAFE, *PICKLED}:
        raise table.refused(key, f"a file that ends with {SAFE}")
    if suffix in PICKLED and not source.pickle:
        raise table.refused(key, f"a {SAFE} file, or add pickle = true if you trust where this one comes from")
    return name


def _with_config(table: Table, source: Source, folder: Path, fallback: str | None) -> Source:
    named = table.text("config") or fallback
    if named is None:
        raise table.wrong('is one file: add config = "owner/name", the repository whose configuration fits it')
    return dataclasses.replace(source, config=_config(table, named, folder))


def _config(table: Table, named: str, folder: Path) -> str:
    """A folder as an absolute path, a repository as it is."""
    local = folder / Path(named).expanduser()
    if named.startswith(("/", ".", "~")) or local.is_dir():
        return str(local.resolve())
    if not REPOSITORY.fullmatch(named):
        raise table.refused("config", '"owner/name" of a repository of the Hub, or a folder')
    return named


def _path(table: Table, key: str, folder: Path) -> Path | None:
    value = table.text(key)
    return (folder / Path(value).expanduser()).absolute() if value else None


def _matching(table: Table, key: str, pattern: re.Pattern[str], right: str) -> str | None:
    value = table.text(key)
    if value is not None and not pattern.fullmatch(value):
        raise table.refused(key, right)
    return value


def _only_with(table: Table, key: str, other: str) -> str | None:
    value = table.text(key)
    if value is not None and not table.text(other):
        raise table.refused(key, f"it together with {other}")
    return value
