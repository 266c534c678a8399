"""The comparison of real engines with the stock code runs from end to end on tiny models."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from benchmarks.architectures import RRDBNET, SD15, SDXL, Architecture, build, build_upscaler
from tests.running import ROOT

ON_THE_CPU = ("--device=cpu", "--dtype=float32", "--threads=1")
EVERYTHING = ("--tiny", "--steps=3", "--rounds=2", "--size=64", "--served", "--requests=2")
STOCK = {"tiny SD": "diffusers", "tiny SDXL": "diffusers", "RRDBNet x2": "untiled"}


class Nowhere:
    """A device that holds shapes only."""

    def __init__(self) -> None:
        import torch

        self.torch = torch.device("meta")

    def place(self, module: Any, dtype: Any) -> Any:
        """Nothing is to be moved."""
        return module


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What one run in fp32 on the CPU prints, and its file of figures."""
    file = tmp_path_factory.mktemp("compared") / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.engines", f"--json={file}", *ON_THE_CPU, *EVERYTHING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout, json.loads(file.read_text())


def test_every_model_is_compared_with_the_stock_code(compared: tuple[str, dict[str, Any]]) -> None:
    """Both sizes of the upscaler and both kinds of Stable Diffusion have figures for ours and for the other."""
    _, figures = compared
    competitors = [[score["name"] for score in outcome["scores"]] for outcome in figures["outcomes"]]
    expected = [stock for what, stock in STOCK.items() for _ in range(1 + (what == "RRDBNet x2"))]
    assert competitors == [["Understudy", stock] for stock in expected]


def test_both_draw_the_same_lively_pictures(compared: tuple[str, dict[str, Any]]) -> None:
    """In fp32 no value is more than one level apart, in pictures that are not blank."""
    _, figures = compared
    for outcome in figures["outcomes"]:
        assert outcome["largest"] <= 1, outcome["what"]
        assert outcome["spread"] > 20, outcome["what"]


def test_time_and_memory_are_measured(compared: tuple[str, dict[str, Any]]) -> None:
    """Every figure is there; only upscaling has no steps."""
    _, figures = compared
    for outcome in figures["outcomes"]:
        for score in outcome["scores"]:
            assert min(score["seconds"], score["processor"]) > 0
            assert score["total"] > score["memory"] >= 0
            assert (score["per_step"] is None) == outcome["what"].startswith("RRDBNet")
    assert min(figures["served"][name] for name in ("post", "draw", "png", "alone", "together")) > 0


def test_the_table_has_a_row_for_each(compared: tuple[str, dict[str, Any]]) -> None:
    """What is printed is Markdown, with as many rows as there are figures, and nothing else."""
    printed, figures = compared
    rows = [line for line in printed.splitlines() if line.startswith("|")]
    assert len([row for row in rows if "| Understudy |" in row]) == len(figures["outcomes"])
    assert len({row.count("|") for row in rows[: 2 + 2 * len(figures["outcomes"])]}) == 1
    assert not [line for line in printed.splitlines()[1:] if line and line[0] not in "|-"]


@pytest.mark.parametrize(("architecture", "millions"), [(SD15, 1066), (SDXL, 3469)], ids=["sd15", "sdxl"])
def test_full_size_means_the_published_size(architecture: Architecture, millions: int) -> None:
    """The models have as many parameters as the page on engines says of the published ones."""
    import torch

    components = build(architecture, Nowhere(), torch.float32)  # type: ignore[arg-type]
    assert round(components.parameters / 1e6) == millions


def test_the_upscaler_has_the_published_size() -> None:
    """17 million parameters, as the page on engines says."""
    import torch

    network = build_upscaler(RRDBNET, Nowhere(), torch.float32)  # type: ignore[arg-type]
    assert round(sum(weight.numel() for weight in network.parameters()) / 1e6) == 17
