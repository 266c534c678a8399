"""The documents say what the published ones say, but for the departures that the ledger explains."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.contract.documents import HERE, SPEC, VERSIONS, load
from tests.contract.facts import differences, facts_of


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def departures() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((HERE / "departures.yaml").read_text(encoding="utf-8"))
    return found


def reviewed(version: str) -> set[tuple[str, str, str]]:
    return {
        (place, canonical(entry["published"]), canonical(entry["ours"]))
        for entry in departures()
        for where, _, place in (at.partition(" ") for at in entry["at"])
        if where == version
    }


def ledger_rows() -> list[str]:
    return re.findall(r"^\| ([A-Z]+\d\d) \|", (SPEC / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_difference_from_the_published_document_is_reviewed(version: str) -> None:
    """A reader of the ledger learns of every departure: none is missing, and none is listed that is gone."""
    published = json.loads((HERE / "published" / f"{version}.json").read_text(encoding="utf-8"))

    found = differences(facts_of(published), facts_of(load(version)))

    assert {(place, canonical(theirs), canonical(ours)) for place, theirs, ours in found} == reviewed(version)


def test_every_reviewed_difference_has_its_row_in_the_ledger() -> None:
    """Each difference is explained by a row of ``spec/README.md``, and each D row explains a difference."""
    rows = {row for row in ledger_rows() if re.fullmatch(r"D\d\d", row)}

    assert {entry["row"] for entry in departures()} == rows


def test_no_difference_is_reviewed_twice() -> None:
    """A difference belongs to one row."""
    places = [at for entry in departures() for at in entry["at"]]

    assert sorted(places) == sorted(set(places))


def test_rows_of_the_ledger_are_numbered_without_gaps() -> None:
    """A row can be named in a discussion: its id occurs once and in order."""
    numbers: dict[str, list[int]] = {}
    for row in ledger_rows():
        numbers.setdefault(row.rstrip("0123456789"), []).append(int(row[-2:]))

    assert {"B", "D", "SE", "AI"} <= numbers.keys()
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))
