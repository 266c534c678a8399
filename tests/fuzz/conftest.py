"""One summary at the end of a run: what was sent and how it was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.tally import TALLY

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write the counts of everything that was fuzzed."""
    if TALLY.answers:
        terminalreporter.section("fuzzing")
        for line in TALLY.lines():
            terminalreporter.write_line(line)
        failed = [report for report in terminalreporter.stats.get("failed", []) if "tests/fuzz" in report.nodeid]
        terminalreporter.write_line(f"failures: {len(failed)}")
