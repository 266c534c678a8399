"""Contracts as the server reads them: what lies in ``spec/`` counts, however it is kept."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
import yaml
from connexion.spec import OpenAPISpecification

from app.web.documents import SPEC_FOLDER, load, resolved

NAMES = sorted(path.stem for path in SPEC_FOLDER.glob("*.yaml"))


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one document, in a process that may write bytecode."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    load.cache_clear()
    (tmp_path / "some.yaml").write_text("title: first\n")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_what_yaml_says(name: str) -> None:
    """Read for the first time or kept compiled, a contract is what its file holds."""
    assert load(name) == yaml.safe_load((SPEC_FOLDER / f"{name}.yaml").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_references_are_resolved_as_connexion_does(name: str) -> None:
    """With references resolved, a contract is what Connexion makes of it, and the document is not changed."""
    before = copy.deepcopy(load(name))

    whole = resolved(load(name))

    assert whole == OpenAPISpecification(copy.deepcopy(before)).spec
    assert load(name) == before


def test_a_document_is_kept_compiled(spec: Path) -> None:
    """A second start finds the document compiled, and need not read YAML."""
    load("some", spec)

    assert [path.suffix for path in (spec / "__pycache__").iterdir()] == [".pyc"]
    load.cache_clear()
    assert load("some", spec) == {"title": "first"}


def test_an_edit_counts_at_the_next_start(spec: Path) -> None:
    """Who edits a contract is served by what he wrote, not by what was kept."""
    load("some", spec)
    (spec / "some.yaml").write_text("title: second\n")
    os.utime(spec / "some.yaml", (2_000_000_000, 2_000_000_000))
    load.cache_clear()

    assert load("some", spec) == {"title": "second"}


def test_a_folder_that_keeps_nothing_is_read_again(spec: Path) -> None:
    """Where compiled documents cannot be kept, a contract is read all the same."""
    (spec / "__pycache__").write_text("in the way")

    assert load("some", spec) == {"title": "first"}


def test_a_document_that_is_missing_is_named(tmp_path: Path) -> None:
    """A contract that is not there stops the start with its name."""
    with pytest.raises(FileNotFoundError, match=r"nothing\.yaml"):
        load("nothing", tmp_path)


def test_what_stands_beside_a_reference_is_overridden() -> None:
    """A reference brings all that it stands for, in every place where it is used."""
    document = {"a": {"$ref": "#/b/c", "beside": 1, "own": 2}, "b": {"c": {"beside": {"$ref": "#/b/d"}}, "d": [3]}}

    assert resolved({**document, "b": {**document["b"], "d": {"deep": 3}}})["a"] == {"own": 2, "beside": {"deep": 3}}


def test_a_reference_to_nothing_stops_the_start() -> None:
    """A contract with a reference to what is not there is not served."""
    with pytest.raises(KeyError, match="missing"):
        resolved({"a": {"$ref": "#/b/missing"}, "b": {}})
