"""The journal of a world: what it finds, what it forgets, what it never holds."""

from __future__ import annotations

import orjson
import pytest

from app.worlds.journal import Entry, Journal
from app.worlds.redaction import Redaction, hashed
from tests.pictures import png

KEY = "sk-a-very-secret-key"


def _entry(**facts: object) -> Entry:
    return Entry(**{"at": 0.0, "method": "POST", "path": "/v1/generation/e/text-to-image"} | facts)  # type: ignore[arg-type]


@pytest.fixture
def journal() -> Journal:
    """Three requests: a picture, a refused picture, a balance."""
    journal = Journal()
    journal.add(_entry(operation="text-to-image", engine="e", prompts=("A Fox",), status=200, version="v1"))
    journal.add(_entry(operation="text-to-image", engine="f", status=429, outcome="rate_limit_exceeded", rules=("r1",)))
    journal.add(_entry(operation="balance", method="GET", path="/v1/user/balance", status=200))
    return journal


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3]),
        ({"operation": "text-to-image"}, [1, 2]),
        ({"method": "get"}, [3]),
        ({"path": "/v1/generation/*"}, [1, 2]),
        ({"version": "v1"}, [1]),
        ({"status": 200}, [1, 3]),
        ({"outcome": "rate_limit_exceeded"}, [2]),
        ({"rule": "r1"}, [2]),
        ({"engine": "f"}, [2]),
        ({"prompt": "fox"}, [1]),
        ({"since": 1}, [2, 3]),
        ({"limit": 2}, [2, 3]),
        ({"limit": 0}, []),
        ({"status": 200, "method": "POST"}, [1]),
        ({"status": None, "limit": None}, [1, 2, 3]),
    ],
)
def test_entries_are_found_by_what_they_say(journal: Journal, wanted: dict[str, object], numbers: list[int]) -> None:
    """Every filter leaves the entries that fit, in order, and filters add up."""
    found = journal.find(**wanted)  # type: ignore[misc]

    assert [entry.number for entry in found] == numbers
    assert journal.count(**wanted) == len(numbers)  # type: ignore[misc]


def test_an_answer_is_added_to_its_request(journal: Journal) -> None:
    """A request that is answered late stays where it came in."""
    waiting = journal.add(_entry())
    journal.add(_entry(status=404))

    journal.amend(waiting, status=200, charged=1_500_000)

    assert [entry.status for entry in journal] == [200, 429, 200, 200, 404]
    assert journal.find(limit=2)[0].plain()["charged"] == 1.5


def test_an_answer_after_a_reset_is_forgotten(journal: Journal) -> None:
    """A request that was under way when its world was reset does not come back as another one's entry."""
    waiting = journal.add(_entry())
    journal.clear()
    journal.add(_entry(status=404))

    journal.amend(waiting, status=200)

    assert [(entry.number, entry.status) for entry in journal] == [(1, 404)]


def test_the_oldest_entries_go_first() -> None:
    """No more entries than the limit, and numbers go on counting."""
    journal = Journal(limit=3)
    for _ in range(5):
        journal.add(_entry())

    assert [entry.number for entry in journal] == [3, 4, 5]


def test_large_entries_take_the_room_of_many() -> None:
    """The journal is bounded in bytes as well, however it grew."""
    journal = Journal(size=10_000)
    for _ in range(20):
        waiting = journal.add(_entry())
        journal.amend(waiting, answer="x" * 3000)

    assert [entry.number for entry in journal] == [18, 19, 20]


def test_a_restored_journal_goes_on_where_it_was(journal: Journal) -> None:
    """What a snapshot kept is all that is there, and the next entry follows it."""
    kept = tuple(journal)
    journal.add(_entry())
    journal.add(_entry())

    journal.restore(kept)

    assert tuple(journal) == kept
    assert journal.add(_entry()).number == 4


def test_secrets_become_hashes() -> None:
    """Keys and cookies are not to be read, but the same one is recognised."""
    redaction = Redaction(KEY)

    headers = redaction.headers([("authorization", f"Bearer {KEY}"), ("cookie", "a=b"), ("accept", "*/*")])
    value = redaction.value({"note": f"my key is {KEY}", KEY: [KEY]})

    assert headers == {"authorization": hashed(f"Bearer {KEY}"), "cookie": hashed("a=b"), "accept": "*/*"}
    assert value == {"note": f"my key is {hashed(KEY)}", hashed(KEY): [hashed(KEY)]}


def test_pictures_become_hashes_and_sizes() -> None:
    """A file is told by its hash, its bytes and, if it is a picture, its sides."""
    data = png(64, 32)

    value = Redaction(KEY).value({"init_image": data, "other": b"no picture"})

    assert value["init_image"] | {"sha256": ""} == {
        "sha256": "",
        "bytes": len(data),
        "width": 64,
        "height": 32,
        "seed": None,
        "finish_reason": None,
    }
    assert value["other"]["width"] is None


@pytest.mark.parametrize(
    "value",
    [
        ["x" * 1_000_000] * 1000,
        {str(n): n for n in range(100_000)},
        [[[[[[[[[[[["deep"]]]]]]]]]]]],
        {"half": "\ud800", "large": 10**300},
        ["a"] * 100_000,
    ],
)
def test_what_is_kept_is_bounded(value: object) -> None:
    """However much was sent, little is kept, and that is JSON."""
    assert len(orjson.dumps(Redaction(KEY).value(value))) < 100_000
