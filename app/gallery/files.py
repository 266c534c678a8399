"""One piece as one file: a line of JSON that says what it is, then its bytes.

Both in one file, so that one rename makes a piece visible, or nothing. The line says how many bytes follow: what a
power failure left torn counts as missing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import orjson

from app.gallery.model import Piece

OURS = 0o700
SECRET = 0o600


def room(path: Path) -> None:
    """Make a folder with all that it lies in, for nobody else's eyes."""
    try:
        path.mkdir(mode=OURS)
    except FileExistsError:
        return
    except FileNotFoundError:
        room(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=OURS)


def names_in(folder: Path) -> list[str]:
    """Sorted; none where there is no such folder, or another process has just removed it."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def touch(path: Path) -> None:
    """Make an empty file that was not there before."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, SECRET))


def pack(piece: Piece, data: bytes) -> bytes:
    """The content of the piece's file."""
    said = {
        "organization_id": piece.organization_id,
        "media_type": piece.media_type,
        "at": piece.at,
        "facts": dict(piece.facts),
        "bytes": len(data),
    }
    return orjson.dumps(said) + b"\n" + data


def write(content: bytes, draft: Path, path: Path) -> None:
    """Write ``draft`` and rename it to ``path``; nothing is left of a draft that cannot be finished."""
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, SECRET), "wb") as file:
            file.write(content)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def read(path: Path) -> tuple[Piece, bytes] | None:
    """The piece in this file, which bears its id; None where there is none, or a torn one."""
    try:
        line, _, data = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    found = _piece(path.name, line)
    return (found[0], data) if found and found[1] == len(data) else None


def read_piece(path: Path) -> Piece | None:
    """The same without its bytes, which are not read."""
    try:
        with path.open("rb") as file:
            line, size = file.readline(), os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return None
    found = _piece(path.name, line)
    return found[0] if found and found[1] == size - len(line) else None


def _piece(name: str, line: bytes) -> tuple[Piece, int] | None:
    """What the line says, and how many bytes are to follow it."""
    try:
        said = orjson.loads(line)
        return Piece(name, said["organization_id"], said["media_type"], said["at"], said["facts"]), said["bytes"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
