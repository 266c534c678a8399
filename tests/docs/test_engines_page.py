"""The page on real engines says what the code and the shipped configuration say."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.catalog import CARDS
from engines.diffusion.styles import STYLES
from engines.weights.config import read
from tests.docs.pages import Block, blocks, tables, text

PAGE = "docs/engines.md"


def test_every_engine_has_its_default_weights() -> None:
    """The table has a row for each engine of the catalogue, with the repository that its weights come from."""
    sources = {setup.engine_id: setup.source for setup in read(None).engines}
    rows = {row[0].strip("`"): row[1].strip("`") for row in tables(PAGE, "What each engine needs")[0]}

    assert list(rows) == [card.id for card in CARDS]
    assert {name: shown for name, shown in rows.items() if sources[name].hub not in {shown, None}} == {}


def test_every_analyst_has_its_default_weights() -> None:
    """The table has a row for each task, with the repository that its weights come from."""
    rows = {row[0].strip("`"): row[1].strip("`") for row in tables(PAGE, "Reading texts and pictures")[0]}

    assert rows == {setup.engine_id: setup.source.hub for setup in read(None).analysts}


def test_every_style_is_there_with_its_words() -> None:
    """The table of styles is the one that the pipeline uses."""
    shown = [(row[0].strip("`"), row[1], row[2]) for row in tables(PAGE, "Style presets")[0]]

    assert shown == [(name, style.positive, style.negative) for name, style in STYLES.items()]


@pytest.mark.parametrize("block", [block for block in blocks(PAGE) if block.language == "toml"], ids=str)
def test_the_examples_of_configuration_are_right(block: Block, tmp_path: Path) -> None:
    """Each excerpt of ``engines.toml``, saved as a file, is taken as it stands."""
    file = tmp_path / "engines.toml"
    file.write_text(block.text)

    heads = [line.strip("[]") for line in block.text.splitlines() if line.startswith(("[engines.", "[analysis."))]
    named = {head.partition(".")[2] for head in heads}

    assert named
    assert named <= {setup.engine_id for setup in read(file).setups}


def test_the_contents_lead_to_every_section() -> None:
    """No section is left out of the list at the top."""
    headings = [line[3:] for line in text(PAGE).splitlines() if line.startswith("## ")]

    assert [name for name in headings if f"[{name}](#" not in text(PAGE)] == []
