"""Links lead somewhere, and the documents keep to their form."""

from __future__ import annotations

import re
import tomllib

import pytest

import understudy
from tests.docs.pages import PAGES, anchors, links, resolve, text
from tests.running import ROOT

MACHINE = re.compile(r"(?<![\w.])/(?:home|root|Users|work|tmp|srv|mnt)/")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    """A reader who follows any link of a document within the project arrives."""
    lost = []
    for target in links(page):
        file, anchor = resolve(page, target), target.partition("#")[2]
        if not file.exists() or (anchor and anchor not in anchors(file.relative_to(ROOT).as_posix())):
            lost.append(target)

    assert lost == []


@pytest.mark.parametrize("page", PAGES)
def test_no_document_knows_somebodys_machine(page: str) -> None:
    """No document names a folder that only one machine has."""
    assert MACHINE.findall(text(page)) == []


def test_the_architecture_can_be_read_in_one_sitting() -> None:
    """ARCHITECTURE.md has at most 80 lines."""
    assert len(text("ARCHITECTURE.md").splitlines()) <= 80


def test_the_architecture_names_every_room() -> None:
    """The map of ARCHITECTURE.md shows each module and folder of app and engines, but for what lies inside folders."""
    rooms = {
        path.stem
        for house in ("app", "engines")
        for path in (ROOT / house).iterdir()
        if path.stem[0] not in "_." and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    map_of_it = text("ARCHITECTURE.md").split("```")[1]

    assert {room for room in rooms if not re.search(rf"\b{room}\b", map_of_it)} == set()


def test_every_folder_of_tests_is_described() -> None:
    """CONTRIBUTING.md says of each folder of tests what it shows."""
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}

    assert {name for name in folders if f"`tests/{name}`" not in text("CONTRIBUTING.md")} == set()


def test_one_version_everywhere() -> None:
    """The changelog's newest entry, the package and its metadata name the same version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = re.search(r"^## \[([^\]]+)\]", text("CHANGELOG.md"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == project["version"] == understudy.__version__


def test_the_licence_is_the_one_that_is_declared() -> None:
    """The metadata says Apache-2.0, and LICENSE is that text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()


def test_the_picture_is_light() -> None:
    """Whoever opens the README loads less than 400 kB of pictures."""
    pictures = list((ROOT / "docs" / "pictures").glob("*.png"))

    assert pictures
    assert sum(picture.stat().st_size for picture in pictures) < 400_000
