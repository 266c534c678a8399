"""How the folder is kept small, and what crashes, races and power failures leave of a picture."""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from app.errors import GalleryUnavailable
from app.gallery import files
from app.gallery.folder import BLOCK, Gallery
from tests.gallery.children import die_while_writing, share
from tests.gallery.conftest import DAY, Place, keep, prompts, run
from tests.running import PATIENCE


def test_what_is_over_is_removed(place: Place) -> None:
    """Sweeping removes files whose time is over and the folders they lay in, and nothing else."""
    gallery = place.gallery(seconds=600)
    keep(gallery, "old")
    keep(gallery, "old", "org-2")
    place.real += 599
    keep(gallery, "young")
    run(gallery.sweep())
    assert len(place.files()) == 6

    place.real += 1.001
    run(gallery.sweep())

    assert prompts(gallery) == ["young"]
    assert len(place.files()) == 2
    assert len(list((place.folder / "shelves").rglob("*"))) == 4  # organization, hour, minute, mark


def test_the_oldest_make_room(place: Place) -> None:
    """Of all organizations together the oldest go first, as many as it takes, counted as the disk does."""
    gallery = place.gallery(most_bytes=10**9)
    for number in range(10):
        keep(gallery, str(number), f"org-{number % 2}")

    run(place.gallery(most_bytes=4 * BLOCK + 1).sweep())

    assert (prompts(gallery, "org-0"), prompts(gallery, "org-1")) == (["8", "6"], ["9", "7"])


def test_keeping_makes_room_by_itself(place: Place) -> None:
    """However many pictures are kept and nobody sweeps, the folder stays at most a sixteenth over its size."""
    gallery, most = place.gallery(most_bytes=32 * BLOCK), 0
    for number in range(200):
        keep(gallery, str(number))
        most = max(most, sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in place.files()))

    assert 32 * BLOCK < most <= 34 * BLOCK
    assert prompts(gallery)[:32] == [str(number) for number in range(199, 167, -1)]


def test_pictures_kept_at_once_make_room_too(place: Place) -> None:
    """What several requests keep at the same time counts in full, so that the folder does not outgrow its size."""
    gallery, most, crowd = place.gallery(most_bytes=160 * BLOCK), 0, 20

    async def together() -> None:
        await asyncio.gather(*(gallery.keep("org-1", b"a", "image/png", {}) for _ in range(crowd)))

    for _ in range(20):
        run(together())
        most = max(most, len(list((place.folder / "pieces").glob("*/*"))))

    assert 160 <= most <= 160 + 10 + crowd


def test_an_empty_gallery_can_be_swept(place: Place) -> None:
    """Sweeping where nothing was ever kept makes no folder."""
    run(place.gallery().sweep())

    assert not place.folder.exists()


def test_a_torn_file_is_not_shown(place: Place) -> None:
    """What a power failure has cut short or filled with zeros counts as missing, under its id and in lists."""
    gallery = place.gallery()
    kept = keep(gallery, "torn")
    path = next(path for path in place.files() if path.name == kept.id)
    whole = path.read_bytes()
    for torn in (whole[:-1], whole[:20], b"", bytes(len(whole)), whole + b"x", b"[]\n", b"{}\n", b"1\n", b"null\n"):
        path.write_bytes(torn)
        assert run(gallery.read(kept.id)) is None
        assert prompts(gallery) == []


def test_a_process_that_dies_while_writing(place: Place) -> None:
    """Half a picture is never visible, and what a dead process left is removed in time."""
    child = multiprocessing.get_context("spawn").Process(target=die_while_writing, args=(place.folder,))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == -signal.SIGKILL
    left = place.files()
    place.real = time.time()
    gallery = place.gallery()
    assert len(left) == 2
    assert prompts(gallery) == []

    place.real += DAY + 1
    run(gallery.sweep())

    assert place.files() == []


def test_a_picture_whose_mark_is_lost(place: Place) -> None:
    """A picture that no list knows is removed by the next server's first sweep once its time is over."""
    place.real = time.time()
    kept = keep(place.gallery())
    for path in place.files():
        if path.name != kept.id:
            path.unlink()
    run(place.gallery().sweep())
    assert len(place.files()) == 1

    place.real += DAY + 3601
    run(place.gallery().sweep())

    assert place.files() == []


def test_a_full_disk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that cannot be written is a named error and leaves nothing."""
    gallery = place.gallery()
    keep(gallery, "before")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(GalleryUnavailable, match="No space left"):
        keep(gallery, "after")
    monkeypatch.undo()

    assert prompts(gallery) == ["before"]
    assert len(place.files()) == 2


def test_things_that_are_not_ours(place: Place) -> None:
    """Files that a person or a desktop drops into the folder are neither shown nor removed, nor do they harm."""
    gallery = place.gallery()
    keep(gallery)
    folders = [path for path in (place.folder, *place.folder.rglob("*")) if path.is_dir()]
    for folder in folders:
        (folder / ".DS_Store").write_bytes(b"")
    place.real = time.time()

    run(gallery.sweep())
    keep(gallery, "b")

    assert prompts(gallery) == ["b"]
    assert len([path for path in place.files() if path.name == ".DS_Store"]) == len(folders)


def test_processes_share_a_folder(tmp_path: Path) -> None:
    """Processes that keep, read, list and sweep at once disturb each other in nothing."""
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=share, args=(tmp_path, number)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)

    assert [child.exitcode for child in children] == [0] * 4
    gallery = Gallery(tmp_path, DAY, 10**9, lambda _: time.time())
    seen = prompts(gallery, count=7)
    assert len(seen) == len(set(seen)) == 4 * 40
    for number in range(4):
        assert [one for one in seen if one.startswith(f"{number}:")] == [f"{number}:{i}" for i in reversed(range(40))]


def test_a_folder_removed_under_a_mark(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweeping process may remove the empty folder that a mark is about to lie in: the folder is made again."""
    touch = files.touch
    removed: list[Path] = []

    def late(path: Path) -> None:
        if len(removed) < 3:
            removed.append(path.parent)
            path.parent.rmdir()
        touch(path)

    monkeypatch.setattr(files, "touch", late)
    keep(place.gallery(), "kept")

    assert prompts(place.gallery()) == ["kept"]
    assert len(removed) == 3


def test_threads_of_one_process(place: Place) -> None:
    """Galleries of one folder in threads make it only once, and lose nothing."""
    gallery = Gallery(None, DAY, 10**9, lambda _: time.time())
    threads = [threading.Thread(target=keep, args=(gallery, str(number))) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert sorted(prompts(gallery)) == [str(number) for number in range(8)]
    run(gallery.close())
