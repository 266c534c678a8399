"""What the benchmark makes of its figures, and that it finds out who does not do the work."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.peers import pages, rounds
from benchmarks.peers.chart import chart
from benchmarks.peers.contestants import Contestant, mended
from benchmarks.peers.load import Figures
from benchmarks.peers.probe import NotDone, hold, probe
from benchmarks.peers.results import Results, ratio
from benchmarks.peers.rounds import Match, Plan, Sample
from benchmarks.peers.running import Usage
from benchmarks.peers.targets import verdicts
from benchmarks.peers.work import Work, works
from tests.running import ROOT

WORK = {work.name: work for work in works()}
MACHINE = {"date": "2026-11-21", "system": "Linux", "cores": "2", "python": "3.11", "node": "-"}
STUB = Contestant("starlette", 1, ())


def sample(
    contestant: str, processor: float, work: str = "engines", processes: int = 1, seconds: float = 1.0
) -> Sample:
    """A measurement of 1000 requests."""
    figures = Figures(1000, 1000, seconds, 0, 0, 500.0, 900.0)
    connections = 32 if processes > 1 or seconds != 1.0 else 8
    return Sample(contestant, processes, work, connections, figures, processor, 0.0)


class Stub:
    """A server that is up, as far as the measuring can tell; it charges nothing."""

    contestant = STUB

    def __init__(self, port: int) -> None:
        self.port = port

    def usage(self) -> Usage:
        """Nothing."""
        return Usage(0.0, 0, 0.0, 0)

    def balance(self) -> int:
        """Always the same."""
        return 1_000_000


@contextmanager
def serving(body: bytes) -> Iterator[int]:
    """The port of a server that answers every request with 200 and the same JSON."""

    class Same(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Same) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_ratios_are_taken_round_by_round() -> None:
    """An hour in which the machine was slow is in both figures of its rounds, and so in neither ratio."""
    ours = [sample("understudy", processor) for processor in (100.0, 1000.0, 120.0)]
    theirs = [sample("asyncapp", processor) for processor in (400.0, 4000.0, 480.0)]

    assert ratio(ours, theirs, lambda one: one.processor) == 0.25
    assert ratio([], theirs, lambda one: one.processor) is None


def test_a_run_says_which_targets_hold() -> None:
    """A target holds up to its limit and no further; what was not measured is not judged."""
    results = Results(MACHINE, [sample("understudy", 100.0), sample("asyncapp", 300.0), sample("prism", 140.0)])
    results.starts = {"understudy-1": [0.4, 0.6, 0.45]}

    found = {verdict.target: verdict.holds for verdict in verdicts(results)}

    assert found == {
        "engine list: at most 1/3 of AsyncApp": True,
        "engine list: at most 2/3 of Prism": False,
        "start to the first answer: at most 0.5 s": True,
    }


@pytest.mark.parametrize(("seconds", "holds"), [(1.8, True), (1.5, False)])
def test_two_processes_are_judged_by_their_requests(seconds: float, holds: bool) -> None:
    """Two processes have to answer 1.7 times what one does in the same time."""
    one, two = sample("understudy", 1.0, seconds=seconds), sample("understudy", 1.0, processes=2)

    (verdict,) = verdicts(Results(MACHINE, [one, two]))

    assert verdict.holds is holds


def test_the_chart_has_a_bar_for_each_figure() -> None:
    """The longest bar of each group fills the same width, and its figure stands beside it."""
    samples = [sample("understudy", 100.0), sample("asyncapp", 1234.0), sample("understudy", 9000.0, "drawn")]

    drawing = ElementTree.fromstring(chart(Results(MACHINE, samples)))

    bars = [float(rect.attrib["width"]) for rect in drawing.iter("{http://www.w3.org/2000/svg}rect")][2:]
    assert bars[1] == bars[2] > bars[0]
    assert {"100", "1,234", "9,000", "engine list", "text-to-image, drawn"} <= set(drawing.itertext())


def test_figures_are_published_between_their_marks(tmp_path: Path) -> None:
    """What stands between the marks is replaced, all else stays; a page without marks is told of."""
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures: peers -->\nold\n<!-- end -->\nafter\n")

    pages.replace(page, "peers", "| new |")

    assert page.read_text() == "before\n<!-- figures: peers -->\n\n| new |\n\n<!-- end -->\nafter\n"
    with pytest.raises(ValueError, match="no place for the figures: others"):
        pages.replace(page, "others", "| new |")


def test_the_documents_have_a_place_for_figures(tmp_path: Path) -> None:
    """README.md and the results can be brought up to date by `--publish`."""
    for name in ("README.md", "benchmarks/results.md"):
        copy = tmp_path / Path(name).name
        copy.write_bytes((ROOT / name).read_bytes())

        pages.replace(copy, "peers", "| new |")

        assert "| new |" in copy.read_text()


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_who_answers_something_else_is_found_out(work: Work) -> None:
    """A server that answers everything with 200 and an empty object has done none of the work."""
    with serving(b"{}") as port, pytest.raises(NotDone, match=f"Starlette by hand, {work.title}"):
        probe(STUB, port, work, rounds.FIRST)


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_who_takes_any_key_is_found_out(work: Work) -> None:
    """A server that lets a wrong key in does less work than the others."""
    with serving(b"{}") as port, pytest.raises(NotDone, match="200 where 401 belongs"):
        hold(STUB, port, work)


@pytest.mark.parametrize(
    ("counted", "who_is_lying"),
    [({"bytes": 1}, "bytes"), ({"lost": 3}, "lost"), ({"refused": 2}, "refused")],
    ids=["another size", "no answer", "another status"],
)
def test_what_wrk_counted_has_to_add_up(
    counted: dict[str, int], who_is_lying: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run ends where requests, statuses and bytes are not those of the answer that was looked at."""
    honest = Figures(10, 0, 1.0, 0, 0, 1.0, 1.0)
    monkeypatch.setattr(rounds, "hold", lambda *_: 1)
    with serving(json.dumps({"credits": 1}).encode()) as port:
        size = probe(STUB, port, WORK["balance"], rounds.FIRST).size
        told = dataclasses.replace(honest, **({"bytes": 10 * size} | counted))
        monkeypatch.setattr(rounds, "fire", lambda *_: told)
        match = Match([Stub(port)], Plan([WORK["balance"]], [1], 1, 1.0, tmp_path), lambda _: None)

        with pytest.raises(NotDone, match=who_is_lying):
            list(match.samples())


def test_a_request_that_was_not_paid_for_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The balance has to go down by the price of every picture."""
    paid = dataclasses.replace(WORK["balance"], price=900_000)
    monkeypatch.setattr(rounds, "hold", lambda *_: 1)
    with serving(json.dumps({"credits": 1}).encode()) as port:
        size = probe(STUB, port, paid, rounds.FIRST).size
        monkeypatch.setattr(rounds, "fire", lambda *_: Figures(10, 10 * size, 1.0, 0, 0, 1.0, 1.0))
        match = Match([Stub(port)], Plan([paid], [1], 1, 1.0, tmp_path), lambda _: None)

        with pytest.raises(NotDone, match="9000000"):
            list(match.samples())


def test_the_contract_is_mended_for_prism_in_one_value(tmp_path: Path) -> None:
    """Prism reads our contract with one value less, without which it would check no body at all."""
    import yaml

    ours = yaml.safe_load((ROOT / "spec" / "v1.yaml").read_bytes())

    theirs = json.loads(mended(ROOT / "spec" / "v1.yaml", tmp_path).read_text())

    ours["components"]["schemas"]["StylePreset"]["enum"].remove(None)
    assert theirs == ours
