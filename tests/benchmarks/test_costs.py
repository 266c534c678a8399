"""What costs how much: that the programs behind `make growth`, `latency` and `memory` measure what they say."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.running import ROOT


def measured(module: str, *options: str) -> str:
    """What a benchmark writes."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each line of the tables by the first of them."""
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|")
    return {first: rest for first, *rest in cells}


def test_growth_is_measured_for_everything_that_grows() -> None:
    """Every call, every list, whole requests, engines, contracts, worlds, pictures and pixels have their figures."""
    found = rows(measured("growth", "--quick"))
    calls = {"identify", "reserve", "give_back", "settle", "grant", "journal, the last 100", "create key", "revoke"}
    lists = {"list of all accounts", "list of all organizations", "list of all keys"}
    others = {
        "GET balance",
        "GET balance, of any account",
        "check one request",
        "list the engines",
        "keep",
        "read",
        "page of 20",
        "text-to-image",
    }
    assert calls | lists | others <= found.keys()
    for name in calls | lists | others:
        assert all(re.fullmatch(r"[\d,.]+( / [\d,.]+)*", cell) for cell in found[name]), found[name]


def test_light_requests_are_measured_beside_a_crowd() -> None:
    """Both figures are there, and the crowd got pictures meanwhile."""
    text = measured("latency", "--clients", "3", "--seconds", "1", "--pace", "20")
    found = rows(text)
    assert len(found["idle"]) == len(found["beside the crowd"]) == 5
    drawn = re.search(r"crowd got (\d+) pictures", text)
    assert drawn is not None
    assert int(drawn[1]) >= 3


def test_memory_is_measured_over_that_of_an_idle_server() -> None:
    """A request for three large pictures takes the memory of their pixels at least."""
    found = rows(measured("memory", "--samples", "3", "--times", "1", "--set", "UNDERSTUDY_PICTURE_MEMORY=0"))
    answer, over, _ = map(float, found["3 of 1024x1024 as application/json"])
    assert over > 3 * 1024 * 1024 * 3 / 1e6 - 1 > answer
