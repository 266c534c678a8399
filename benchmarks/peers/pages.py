"""Brings the figures in the documents up to date: what stands between two marks is replaced."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.peers import report
from benchmarks.peers.chart import chart
from benchmarks.peers.contestants import ROOT
from benchmarks.peers.results import Results

CHART = Path(__file__).with_name("chart.svg")


def publish(results: Results, root: Path = ROOT, drawing: Path = CHART) -> None:
    """Rewrite the README's short tables, the section of ``benchmarks/results.md``, and the chart."""
    short = [report.where(results), report.processor(results, leave_out=("before",)), report.facts(results)]
    replace(root / "README.md", "peers", "\n\n".join(short))
    replace(
        root / "benchmarks" / "results.md", "peers", f"`{results.machine['command']}`\n\n{report.complete(results)}"
    )
    drawing.write_text(chart(results), encoding="utf-8")


def replace(page: Path, name: str, text: str) -> None:
    """Put ``text`` between ``<!-- figures: name -->`` and ``<!-- end -->``. Raises ``ValueError`` without these."""
    marked = re.compile(rf"(<!-- figures: {re.escape(name)} -->\n).*?(\n<!-- end -->)", re.DOTALL)
    before = page.read_text(encoding="utf-8")
    after, count = marked.subn(lambda found: f"{found[1]}\n{text.strip()}\n{found[2]}", before)
    if count != 1:
        raise ValueError(f"{page.name} has no place for the figures: {name}")
    page.write_text(after, encoding="utf-8")
