"""`understudy engines` for the analysts, which read texts and pictures."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from engines.analysis.types import Analysis
from engines.catalog import CARDS
from engines.worker.messages import Holding
from engines.worker.status import DeviceState, Status, write
from tests.cli.conftest import Run
from tests.engines.models import CLIP, lay

TASKS = [task.value for task in Analysis]
REAL = {"UNDERSTUDY_ANALYSIS": "transformers"}
OWN = """only = true
[engines.stable-diffusion-v1-5]
path = "nothing"
[analysis.text-safety]
path = "whole"
[analysis.picture-safety]
path = "half"
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    """An owner's file beside the folders of two models, one of them incomplete; gives its path."""
    lay(tmp_path / "whole", CLIP)
    lay(tmp_path / "half", {"config.json": b"{}"})
    path = tmp_path / "engines.toml"
    path.write_text(OWN)
    return str(path)


def test_analysts_are_listed_below_the_engines(run: Run, tmp_path: Path) -> None:
    """With what ships, and nothing on the disk: what can be pulled, without a price."""
    lines = run("engines", "list", "--engines", "diffusers", "--weights", str(tmp_path)).stdout.splitlines()

    shown = lines[2 + len(CARDS) :]
    assert [line.split()[0] for line in shown[: len(TASKS)]] == TASKS
    assert re.fullmatch(r"text-safety +analysis +unitary/toxic-bert +not downloaded +auto *", shown[2])


def test_what_is_on_the_disk(run: Run, own: str) -> None:
    """How large it is, and what another one lacks."""
    lines = run("engines", "list", "--engines", "diffusers", "--engines-file", own).stdout.splitlines()

    assert re.search(r"^text-safety +analysis .*/whole +on disk +auto +136 B *$", lines[3])
    assert re.search(r"^picture-safety +analysis .*/half +unusable +auto *$", lines[4])
    assert any(re.search(r"^! .*/half is incomplete: it lacks its weights$", line) for line in lines)


def test_what_is_loaded_beside_sketches(run: Run, own: str, served_home: tuple[Path, object]) -> None:
    """A server that sketches and has real analysts says of both what there is to say."""
    status = served_home[0] / "engines-status.json"
    device = DeviceState("cuda:0", "Some GPU", 8 * 10**9, 4 * 10**8, (Holding("text-safety", 4 * 10**8),))
    write(status, Status(os.getpid(), 0.0, (device,)))

    try:
        lines = run("engines", "list", "--engines-file", own, **REAL).stdout.splitlines()
    finally:
        status.unlink()

    sketched, analysts = lines[: 2 + len(CARDS)], lines[3 + len(CARDS) :]
    assert [line.split()[0] for line in sketched[2:]] == [card.id for card in CARDS]
    assert re.search(r"^text-safety +analysis .*/whole +loaded +cuda:0 +400.0 MB +136 B *$", analysts[2])
    assert lines[-1] == "cuda:0 (Some GPU): 400.0 MB of 8.0 GB of weights, idle, 0 waiting"


def test_the_state_for_scripts(run: Run, own: str) -> None:
    """Analysts follow the engines, with their task for an id; sketched engines have no state."""
    found = json.loads(run("engines", "list", "--json", "--engines-file", own, **REAL).stdout)

    engines, analysts = found[: len(CARDS)], found[len(CARDS) :]
    assert all("state" not in engine for engine in engines)
    assert [(one["id"], one["tasks"], one["state"]) for one in analysts] == [
        ("text-safety", ["text-safety"], "on disk"),
        ("picture-safety", ["picture-safety"], "unusable"),
    ]


def test_analysts_without_weights_are_not_listed(run: Run, own: str) -> None:
    """Where the embedded ones read beside real engines, no weights are shown for them."""
    listed = run(
        "engines", "list", "--engines", "diffusers", "--engines-file", own, UNDERSTUDY_ANALYSIS="embedded"
    ).stdout

    assert "stable-diffusion-v1-5" in listed
    assert "text-safety" not in listed


def test_a_folder_of_ones_own_is_not_pulled(run: Run, own: str) -> None:
    """`pull` knows analysts by their tasks."""
    result = run("engines", "pull", "text-safety", "--engines-file", own)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].startswith("text-safety: ")


def test_a_task_that_does_not_exist(run: Run) -> None:
    """The message has the names of all analysts."""
    result = run("engines", "pull", "text-safty")

    assert result.exit_code == 2
    assert "there is no engine text-safty" in result.stderr
    assert all(task in result.stderr.replace("\n", " ") for task in TASKS)
