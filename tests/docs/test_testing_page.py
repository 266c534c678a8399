"""The page on testing says what the code does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.dialects.control.words import outcome
from app.worlds.outcomes import Outcome
from tests.docs.pages import blocks, tables
from tests.running import PATIENCE

PAGE = "docs/testing.md"


def test_every_outcome_stands_in_the_table() -> None:
    """The one table of outcomes has a row for each, with the words that play it."""
    names = ("outcome", "prompt", "engine", "key")

    expected = [
        (*(f"`{row[name]}`" for name in names), row["description"]) for row in (outcome(one) for one in Outcome)
    ]

    assert tables(PAGE, "Outcomes")[0] == expected


def test_the_recipe_for_pytest_runs(tmp_path: Path) -> None:
    """Copied into a file, the two blocks pass, with nothing but the plugin."""
    recipe = [block.text for block in blocks(PAGE) if block.language == "python" and "def test_" in block.text]
    (tmp_path / "test_recipe.py").write_text("\n\n".join(recipe))

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_recipe.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )

    assert len(recipe) == 2
    assert result.returncode == 0, result.stdout
