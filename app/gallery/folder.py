"""The gallery as a folder that several processes share without locks.

``pieces`` holds the pieces by id, ``shelves`` the lists (see ``marks``), ``drafts`` what is being written. A mark is
made before its piece becomes visible and removed after it, so a process that dies in between leaves a mark too many,
which readers pass over and sweeping removes, and never a picture that nobody sweeps.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from app.errors import BadCursor, GalleryUnavailable
from app.gallery import files, marks
from app.gallery.marks import Mark
from app.gallery.model import Piece

P = ParamSpec("P")
T = TypeVar("T")

BLOCK = 4096
"""What the size of a file is rounded up to, as most disks do."""
SHARE = 16
"""A process that has added one in so many of the bytes that may lie here sweeps."""
ATTEMPTS = 10
"""How often a mark is made again whose folder another process removes for being empty."""
TIDY_SECONDS = 60.0
"""After which nobody is about to put a mark into a folder any more, so that an empty one may go."""
STRAY_SECONDS = 3600.0
"""After which a draft belongs to a process that died."""


class Gallery:
    """Pieces that are shown for ``seconds`` by their organization's clock ``now``, and take ``most_bytes`` of disk.

    ``folder`` may be shared by processes; None means a temporary one, made when it is first needed and removed by
    ``close``. Methods raise ``GalleryUnavailable`` where the folder cannot be used. ``now`` decides what is shown and
    may differ between organizations; how long files lie here goes by ``real``, the computer's own clock.

    ``keep`` costs the same however many pieces there are: it adds two files and reads nothing. Each time that a
    process has added a sixteenth of ``most_bytes`` its ``keep`` also sweeps, which costs the same again for every
    piece held, so sixteen times that for each one added. Between two sweeps the limit is exceeded by no more than
    a sixteenth for each process.
    """

    def __init__(
        self,
        folder: Path | None,
        seconds: float,
        most_bytes: int,
        now: Callable[[str], float],
        real: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._now = now
        self._real = real
        self._remove: Callable[[], object] | None = None
        self._opening = threading.Lock()
        self._last = 0
        self._added = 0
        self._swept = False

    async def keep(
        self, organization_id: str, data: bytes, media_type: str, facts: Mapping[str, Any], piece_id: str | None = None
    ) -> Piece:
        """Hang a picture up; when this returns every process shows it.

        ``piece_id`` is a random UUID of the caller's making, for who has to tell the id before, or to remove it.
        """
        piece = Piece(
            piece_id or str(uuid4()), organization_id, media_type, int(self._now(organization_id) * 1000), facts
        )
        self._last = max(int(self._real() * 10**9), self._last + 1)
        size = await _off_the_loop(self._keep, piece, data, self._last)
        self._added += size  # Not in the line above: it would forget what others have added in the meantime.
        if self._added * SHARE >= self._most_bytes:
            await self.sweep()
        return piece

    async def read(self, piece_id: str) -> tuple[Piece, bytes] | None:
        """A piece with its bytes; None for what is no id, and for what is not shown, no longer or never."""
        if not marks.ID.fullmatch(piece_id):
            return None
        found = await _off_the_loop(lambda: files.read(self._place(piece_id)))
        return found if found and self.seconds_left(found[0]) else None

    async def page(self, organization_id: str, count: int, cursor: str | None) -> tuple[tuple[Piece, ...], str | None]:
        """``count`` pieces of an organization, one at least, from the newest on or from where ``cursor`` stands.

        With them comes the cursor for the next page, None behind the last piece. Pieces that come meanwhile do not
        move it. Raises ``BadCursor`` for a text that was no such cursor.
        """
        before = marks.read_cursor(cursor) if cursor is not None else None
        if cursor is not None and before is None:
            raise BadCursor("not a cursor of this list")
        return await _off_the_loop(self._page, organization_id, count, before, self._oldest_shown(organization_id))

    async def count(self, organization_id: str) -> int:
        """How many pieces of an organization are shown."""
        return await _off_the_loop(self._count, organization_id, self._oldest_shown(organization_id))

    def seconds_left(self, piece: Piece) -> float:
        """For how long the piece is still shown."""
        return max(0.0, (piece.at - self._oldest_shown(piece.organization_id)) / 1000)

    async def remove(self, piece_id: str) -> None:
        """Show a piece no longer, if it was shown."""
        await _off_the_loop(lambda: self._place(piece_id).unlink(missing_ok=True))

    async def forget(self, organization_id: str) -> None:
        """Remove all pieces of an organization that were kept before."""
        if self._folder is not None:
            await _off_the_loop(self._forget, organization_id)

    async def sweep(self) -> None:
        """Remove what has lain here for longer than ``seconds``, then the oldest until ``most_bytes`` hold the rest.

        Call it now and then, such as every minute: ``keep`` does it only where much is added.
        """
        self._added = 0
        if self._folder is not None:
            await _off_the_loop(self._sweep)

    async def close(self) -> None:
        """Remove the temporary folder, if there is one."""
        if self._remove is not None:
            await asyncio.to_thread(self._remove)
            self._folder = self._remove = None

    def _oldest_shown(self, organization_id: str) -> float:
        """In Unix milliseconds; a piece of the organization is shown if it is younger."""
        return (self._now(organization_id) - self._seconds) * 1000

    def _keep(self, piece: Piece, data: bytes, arrival: int) -> int:
        content = files.pack(piece, data)
        size = -(-len(content) // BLOCK) * BLOCK
        mark, shelf = Mark(arrival, piece.at, size, piece.id), self._shelf(piece.organization_id)
        place, drafts = self._place(piece.id), self._root() / "drafts"
        files.room(drafts)
        files.room(place.parent)
        _make(mark.path(shelf))
        try:
            files.write(content, drafts / piece.id, place)
        except OSError:
            mark.path(shelf).unlink(missing_ok=True)
            raise
        return size

    def _page(
        self, organization_id: str, count: int, before: marks.Key | None, oldest: float
    ) -> tuple[tuple[Piece, ...], str | None]:
        found = list(islice(self._shown(organization_id, before, oldest), count + 1))
        following = found[count - 1][0].cursor if len(found) > count else None
        return tuple(piece for _, piece in found[:count]), following

    def _shown(self, organization_id: str, before: marks.Key | None, oldest: float) -> Iterator[tuple[Mark, Piece]]:
        for mark in marks.newest(self._shelf(organization_id), before):
            if mark.at > oldest and (piece := files.read_piece(self._place(mark.id))):
                yield mark, piece

    def _count(self, organization_id: str, oldest: float) -> int:
        held = marks.all_of(self._shelf(organization_id))
        return sum(mark.at > oldest and self._place(mark.id).exists() for mark in held)

    def _forget(self, organization_id: str) -> None:
        shelf = self._shelf(organization_id)
        for mark in marks.all_of(shelf):
            self._take_down(shelf, mark)
        marks.tidy(shelf, self._nanoseconds_ago(TIDY_SECONDS))

    def _sweep(self) -> None:
        shelves = [self._root() / "shelves" / name for name in files.names_in(self._root() / "shelves")]
        held = [(mark, shelf) for shelf in shelves for mark in marks.all_of(shelf)]
        held.sort(key=lambda one: one[0].key)
        too_much = sum(mark.size for mark, _ in held) - self._most_bytes
        oldest = self._nanoseconds_ago(self._seconds)
        for mark, shelf in held:
            if mark.arrival > oldest and too_much <= 0:
                break
            self._take_down(shelf, mark)
            too_much -= mark.size
        for shelf in shelves:
            marks.tidy(shelf, self._nanoseconds_ago(TIDY_SECONDS))
        self._remove_strays()

    def _take_down(self, shelf: Path, mark: Mark) -> None:
        self._place(mark.id).unlink(missing_ok=True)
        mark.path(shelf).unlink(missing_ok=True)

    def _remove_strays(self) -> None:
        """Drafts of processes that died; once in a life also pieces whose marks a power failure has lost."""
        _remove_before(self._root() / "drafts", self._real() - STRAY_SECONDS)
        if not self._swept:
            self._swept = True
            for name in files.names_in(self._root() / "pieces"):
                _remove_before(self._root() / "pieces" / name, self._real() - self._seconds - STRAY_SECONDS)

    def _nanoseconds_ago(self, seconds: float) -> int:
        return int((self._real() - seconds) * 10**9)

    def _place(self, piece_id: str) -> Path:
        return self._root() / "pieces" / piece_id[:2] / piece_id

    def _shelf(self, organization_id: str) -> Path:
        return marks.shelf_of(self._root() / "shelves", organization_id)

    def _root(self) -> Path:
        with self._opening:
            if self._folder is None:
                made = tempfile.mkdtemp(prefix="understudy-pictures-")
                # Runs at the end of the process at the latest, unless that is killed.
                self._remove = weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
                self._folder = Path(made)
            return self._folder


async def _off_the_loop(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *arguments, **named)
    except OSError as problem:
        raise GalleryUnavailable(f"the folder of pictures: {problem.strerror}") from problem


def _make(mark: Path) -> None:
    for _ in range(ATTEMPTS):
        try:
            files.room(mark.parent)
            return files.touch(mark)
        except FileNotFoundError:
            continue
    raise FileNotFoundError(2, "folders vanish as they are made", str(mark))


def _remove_before(folder: Path, seconds: float) -> None:
    """Remove the files that were last written before this time."""
    for name in files.names_in(folder):
        path = folder / name
        try:
            if path.stat().st_mtime < seconds:
                path.unlink()
        except FileNotFoundError:
            continue
