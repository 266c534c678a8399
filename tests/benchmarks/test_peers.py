"""`make bench` runs from start to end: on few contestants and for moments, which says nothing about speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.running import ROOT

pytestmark = pytest.mark.needs("wrk")

BRIEFLY = ("--quick", "--seconds=0.3", "--connections=8", "--processes=1", "--parts=http,starts,sizes")
CHOSEN = ("--only=understudy,asyncapp", "--work=engines,png,form")
OUT = {"--json": "figures.json", "--out": "tables.md", "--chart": "chart.svg"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One quick run, and the folder with what it wrote."""
    folder = tmp_path_factory.mktemp("bench")
    files = [f"{option}={folder / name}" for option, name in OUT.items()]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", *BRIEFLY, *CHOSEN, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done, folder


@pytest.fixture
def figures(run: tuple[subprocess.CompletedProcess[str], Path]) -> dict[str, Any]:
    """Every single figure of the run."""
    found: dict[str, Any] = json.loads((run[1] / OUT["--json"]).read_text())
    return found


def test_the_tables_come_out(run: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """A reader sees a row for each work, a column for each contestant, and the targets; the file says the same."""
    printed = run[0].stdout

    assert "| Understudy | Connexion AsyncApp |" in printed
    assert "| engine list | **" in printed
    assert "engine list: at most 1/3 of AsyncApp" in printed
    assert "start to the first answer" in printed
    assert (run[1] / OUT["--out"]).read_text() == printed


def test_the_chart_comes_out(run: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """The chart is an SVG document with the names of works and contestants."""
    drawing = ElementTree.parse(run[1] / OUT["--chart"]).getroot()

    words = " ".join(drawing.itertext())

    for name in ("engine list", "text-to-image, PNG", "Understudy", "Connexion AsyncApp"):
        assert name in words


def test_everyone_did_the_same_work(figures: dict[str, Any]) -> None:
    """All contestants answered the same picture with the right status, and each request was paid for."""
    proofs = {(proof["contestant"], proof["work"]): proof for proof in figures["proofs"]}

    assert len(proofs) == 6
    for work, price in (("engines", 0), ("png", 900_000), ("form", 900_000)):
        found = [proof for (_, name), proof in proofs.items() if name == work]
        assert {proof["status"] for proof in found} == {200}
        assert len({proof["picture"] for proof in found}) == 1
        assert all(proof["charged"] == proof["requests"] * price for proof in found)
        assert all(proof["requests"] and proof["refusals"] for proof in found)


def test_processor_time_is_counted(figures: dict[str, Any]) -> None:
    """Answering takes time of the processor, and so does the store behind what is charged."""
    assert sum(sample["processor"] for sample in figures["samples"]) > 0
    assert sum(sample["store"] for sample in figures["samples"] if sample["work"] == "png") > 0
    assert all(memory["own"] > 1_000_000 for memory in figures["memory"].values())
    assert set(figures["starts"]) == {"understudy-1", "asyncapp-1"}
