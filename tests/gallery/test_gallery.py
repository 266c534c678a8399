"""What callers see of their finished pictures, and for how long."""

from __future__ import annotations

import asyncio
import stat
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import BadCursor, GalleryUnavailable
from app.gallery.folder import Gallery
from tests.gallery.conftest import DAY, START, Place, keep, prompts, run


def test_a_picture_comes_back_as_it_was(place: Place) -> None:
    """Every process that shares the folder gives the same bytes and facts under the id."""
    facts = {"prompt": "a lighthouse\nat night ☾", "seed": 4_294_967_295, "sizes": [1, 2.5], "more": {"a": None}}
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

    kept = run(place.gallery().keep("org-1", data, "image/png", facts))

    assert run(place.gallery().read(kept.id)) == (kept, data)
    assert (kept.organization_id, kept.media_type, kept.at) == ("org-1", "image/png", int(START * 1000))
    assert uuid.UUID(kept.id).version == 4
    assert str(uuid.UUID(kept.id)) == kept.id


def test_an_empty_picture(place: Place) -> None:
    """No bytes are bytes too."""
    kept = run(place.gallery().keep("org-1", b"", "image/png", {}))

    assert run(place.gallery().read(kept.id)) == (kept, b"")


@pytest.mark.parametrize(
    "wrong",
    [
        *("", ".", "..", "/etc/passwd", "../../../../etc/passwd", "%2e%2e", "a" * 5000, "\x00", "é", "{kept}\n"),
        *("{kept}/", "./{kept}", "{kept}.png", " {kept}", "{upper}", "{{{kept}}}", "urn:uuid:{kept}", "{bare}"),
        *("00000000-0000-0000-0000-000000000000", "{first}/{kept}"),
    ],
)
def test_only_ids_are_looked_for(place: Place, wrong: str) -> None:
    """No path, no other spelling of an id, and nothing of another version leads to a file."""
    gallery = place.gallery()
    kept = keep(gallery).id
    forms = {"kept": kept, "upper": kept.upper(), "bare": kept.replace("-", ""), "first": kept[:2]}

    assert run(gallery.read(wrong.format(**forms))) is None


def test_unknown_ids(place: Place) -> None:
    """An id that was never given out, before and after anything was kept."""
    assert run(place.gallery().read(str(uuid.uuid4()))) is None
    keep(place.gallery())
    assert run(place.gallery().read(str(uuid.uuid4()))) is None


def test_the_newest_come_first(place: Place) -> None:
    """In the order in which they were kept, over hours, also within one tick of the clock, also after a restart."""
    expected: list[str] = []
    for start in range(4):
        gallery = place.gallery()
        for step in (0.001, 0, 0.5, 61, 0, 4000):
            place.real += step
            expected.append(f"{start}.{len(expected)}")
            keep(gallery, expected[-1])

    for count in (1, 2, 5, 24, 100):
        assert prompts(place.gallery(), count=count) == expected[::-1]


def test_a_stopped_clock_does_not_shuffle(place: Place) -> None:
    """Pictures of one moment, by the clock of their requests, keep their order; so do those of a clock set back."""
    gallery = place.gallery()
    place.ahead = 5000
    for number in range(10):
        keep(gallery, str(number))
    place.ahead = 0
    keep(gallery, "back")

    assert prompts(gallery, count=3) == ["back", *map(str, reversed(range(10)))]


def test_pages_are_stable(place: Place) -> None:
    """Pictures that come or go while somebody turns pages neither repeat nor hide others."""
    gallery = place.gallery()
    kept = [keep(gallery, str(number)) for number in range(6)]
    first, cursor = run(gallery.page("org-1", 2, None))

    keep(gallery, "new")
    next(path for path in place.files() if path.name == kept[4].id).unlink()
    second, following = run(gallery.page("org-1", 2, cursor))
    third, end = run(gallery.page("org-1", 2, following))

    assert [piece.facts["prompt"] for piece in (*first, *second, *third)] == ["5", "4", "3", "2", "1", "0"]
    assert end is None
    assert prompts(gallery) == ["new", "5", "3", "2", "1", "0"]


def test_nobody_sees_others_pictures(place: Place) -> None:
    """Lists are of one organization; an id that looks like a path is an organization like any other."""
    gallery = place.gallery()
    for organization in ("org-1", "org-2", "../org-1", "org-1/", ""):
        keep(gallery, f"of {organization}", organization)

    for organization in ("org-1", "org-2", "../org-1", "org-1/", ""):
        assert prompts(gallery, organization) == [f"of {organization}"]
    assert prompts(gallery, "org-3") == []


@pytest.mark.parametrize("cursor", ["", "1", "../x", "1700000000000000000", "x" * 5000, "\u0661" * 19 + "." + "0" * 36])
def test_cursors_of_others(place: Place, cursor: str) -> None:
    """A text that is no cursor is refused."""
    with pytest.raises(BadCursor):
        run(place.gallery().page("org-1", 5, cursor))


def test_time_runs_out(place: Place) -> None:
    """A picture is shown until its time is over by the clock of the request, under its id and in lists."""
    gallery = place.gallery(seconds=60)
    kept = keep(gallery, "old")
    place.ahead = 59.9
    young = keep(gallery, "young")
    assert prompts(gallery) == ["young", "old"]

    place.ahead = 60

    assert run(gallery.read(kept.id)) is None
    assert run(gallery.read(young.id)) is not None
    assert prompts(gallery) == ["young"]


def test_a_moved_clock_removes_nothing(place: Place) -> None:
    """A test that has moved its clock sees its pictures expire; others, and itself after a reset, see theirs still."""
    gallery = place.gallery(seconds=60)
    kept = keep(gallery)
    place.ahead = 3600
    run(gallery.sweep())
    assert run(gallery.read(kept.id)) is None

    place.ahead = 0

    assert run(gallery.read(kept.id)) is not None


def test_an_id_of_the_callers_own(place: Place) -> None:
    """Who has to tell an id before the picture is finished makes it himself."""
    wanted = str(uuid.uuid4())

    kept = run(place.gallery().keep("org-1", b"a", "image/png", {}, wanted))

    assert kept.id == wanted
    assert run(place.gallery().read(wanted)) == (kept, b"a")


def test_one_picture_is_removed(place: Place) -> None:
    """Under its id and in lists it is gone for every process, the others stay; removing it twice is no mistake."""
    gallery = place.gallery()
    kept = [keep(gallery, str(number)) for number in range(3)]

    for _ in range(2):
        run(place.gallery().remove(kept[1].id))

    assert run(gallery.read(kept[1].id)) is None
    assert prompts(gallery) == ["2", "0"]
    assert run(gallery.count("org-1")) == 2


def test_pictures_are_counted(place: Place) -> None:
    """Those of one organization that are still shown."""
    gallery = place.gallery(seconds=60)
    keep(gallery, "old")
    keep(gallery, "other", "org-2")
    place.ahead = 30
    keep(gallery, "young")
    assert run(gallery.count("org-1")) == 2

    place.ahead = 60

    assert run(gallery.count("org-1")) == 1
    assert run(gallery.count("org-3")) == 0


def test_how_long_a_picture_is_still_shown(place: Place) -> None:
    """By the clock of the request, and never less than nothing."""
    gallery = place.gallery(seconds=60)
    kept = keep(gallery)

    place.ahead = 45
    assert gallery.seconds_left(kept) == pytest.approx(15)
    place.ahead = 61
    assert gallery.seconds_left(kept) == 0


def test_an_organization_is_forgotten(place: Place) -> None:
    """Its pictures are gone for every process, those of others are not, and it can begin anew."""
    gallery = place.gallery()
    gone = [keep(gallery, str(number)) for number in range(3)]
    other = keep(gallery, "other", "org-2")

    run(gallery.forget("org-1"))

    assert [run(place.gallery().read(piece.id)) for piece in gone] == [None] * 3
    assert run(gallery.read(other.id)) is not None
    assert prompts(gallery) == []
    assert len(place.files()) == 2
    keep(gallery, "anew")
    assert prompts(gallery) == ["anew"]
    run(gallery.forget("org-nobody"))


def test_nobody_else_on_the_computer_reads_them(place: Place) -> None:
    """Files are readable by their owner alone, and so are the folders, from the first one made on."""
    keep(place.gallery())

    kinds = {path: stat.S_IMODE(path.stat().st_mode) for path in (place.folder, *place.folder.rglob("*"))}
    assert {kinds[path] for path in kinds if path.is_dir()} == {0o700}
    assert {kinds[path] for path in kinds if path.is_file()} == {0o600}


def test_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gallery without a folder makes one when it is needed, and leaves nothing behind when it is closed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gallery = Gallery(None, DAY, 10**9, lambda _: START)
    unused = Gallery(None, DAY, 10**9, lambda _: START)

    kept = keep(gallery)
    assert run(gallery.read(kept.id)) is not None
    assert prompts(gallery) == ["a"]
    run(gallery.close())
    run(unused.close())

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used(place: Place) -> None:
    """A file where the folder should be: a named error, which does not tell the path."""
    place.folder.parent.mkdir()
    place.folder.write_bytes(b"")

    with pytest.raises(GalleryUnavailable) as told:
        keep(place.gallery())

    assert str(place.folder) not in str(told.value)


def test_facts_are_as_json_reads_them(place: Place) -> None:
    """What comes back is equal to what was kept, but for tuples, which come back as lists."""
    kept = run(place.gallery().keep("org-1", b"", "image/png", {"sizes": (1, 2)}))

    found = run(place.gallery().read(kept.id))

    assert found is not None
    assert found[0] == replace(kept, facts={"sizes": [1, 2]})


def test_who_has_kept_nothing_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A temporary folder is made for the first picture, and not to look whether there is something to remove."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def count() -> int:
        return len(list(tmp_path.iterdir()))

    async def story() -> list[int]:
        gallery = Gallery(None, 60.0, 1_000_000, lambda _: 0.0)
        found = []
        await gallery.sweep()
        await gallery.forget("org-1")
        found.append(count())
        await gallery.keep("org-1", b"picture", "image/png", {})
        found.append(count())
        await gallery.close()
        found.append(count())
        return found

    assert asyncio.run(story()) == [0, 1, 0]
