"""What a run found out, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.peers.contestants import TITLES
from benchmarks.peers.results import Results, Score, ratio
from benchmarks.peers.rounds import Proof
from benchmarks.peers.targets import CONNECTIONS, verdicts
from benchmarks.peers.work import works

TITLE_OF = {work.name: work.title for work in works()}


def complete(results: Results) -> str:
    """Every table of the run."""
    parts = [where(results)]
    for processes in results.known("processes"):
        parts += [_heading(processes, results), processor(results, processes), loads(results, processes)]
    judged = list(verdicts(results))
    if judged:
        rows = [(one.target, one.measured, "holds" if one.holds else "**missed**") for one in judged]
        parts += ["**Targets**", _table(("target", "measured", ""), rows, right=())]
    if results.starts or results.memory or results.sizes:
        parts += ["**Start-up, memory, size**", footprints(results)]
    if results.proofs:
        parts += ["**Proofs**", *proven(results)]
    if results.pictures:
        parts += ["**Pictures, without HTTP**", pictures(results)]
    return "\n\n".join(parts) + "\n"


def where(results: Results) -> str:
    """The machine and the versions, in a line."""
    facts = results.machine
    names = ("connexion", "starlette", "uvicorn", "prism")
    versions = ", ".join(f"{name} {facts[name]}" for name in names if name in facts)
    return (
        f"{facts['date']}, {facts['system']}, {facts['cores']} cores, Python {facts['python']}, {versions}, "
        f"Node.js {facts['node']}"
    )


def processor(results: Results, processes: int = 1, leave_out: Sequence[str] = ()) -> str:
    """Processor time per request and what it is of Understudy's, a column for each contestant."""
    names = [name for name in _names(results, processes) if name not in leave_out]
    rows = []
    for work in results.known("work"):
        cells = [_processor(results, processes, work, name) for name in names]
        store = results.score("understudy", processes, work, _connections(results))
        rows.append((TITLE_OF[work], *cells, _whole(store.store) if store else "-"))
    return _table(("µs of processor per request", *(TITLES[name] for name in names), "Understudy's store"), rows)


def loads(results: Results, processes: int) -> str:
    """Requests per second and latencies, for each number of connections."""
    connections = results.known("connections")
    each = " / ".join(map(str, connections))
    head = (
        "work",
        "who",
        f"requests/s at {each} connections",
        f"p50 ms at {each}",
        f"p99 ms at {each}",
        "µs",
        "store µs",
    )
    rows = []
    for work in results.known("work"):
        for name in _names(results, processes):
            scores = [results.score(name, processes, work, count) for count in connections]
            known = [score for score in scores if score]
            if known:
                rows.append((TITLE_OF[work], TITLES[name], *_load(known), *_costs(results, processes, work, name)))
    return _table(head, rows, left=2)


def facts(results: Results) -> str:
    """Start-up, memory, pictures and size of Understudy alone."""
    starts, memory, size = results.starts["understudy-1"], results.memory["understudy-1"], results.sizes["understudy"]
    start = f"{statistics.median(starts):.2f} s, median of {len(starts)}; {min(starts):.2f} s at best"
    rows = {
        "process start to the first answer": start,
        "memory after all that load, its store's apart": f"{memory.own / 1e6:.0f} MB, {memory.store / 1e6:.0f} MB",
        **results.pictures,
        "plain installation": f"{size.bare:.0f} MB in {size.packages} packages, {size.compiled:.0f} MB with bytecode",
    }
    return _table(("what", "measured"), list(rows.items()), right=())


def footprints(results: Results) -> str:
    """Seconds to the first answer, memory after all load, and what has to be installed."""
    head = ("who", "start to first answer, s", "memory, MB", "its store, MB", "installed, MB", "with bytecode, MB")
    ids = dict.fromkeys([*results.starts, *results.memory])
    rows = []
    for one in ids:
        name, _, processes = one.rpartition("-")
        starts, memory = results.starts.get(one), results.memory.get(one)
        size = results.sizes.get(name) if processes == "1" else None
        rows.append((
            TITLES[name] + ("" if processes == "1" else f", {processes} processes"),
            f"{statistics.median(starts):.2f}" if starts else "-",
            f"{memory.own / 1e6:.0f}" if memory else "-",
            f"{memory.store / 1e6:.0f}" if memory and memory.store else "-",
            f"{size.bare:.0f} in {size.packages} packages" if size else "-",
            f"{size.compiled:.0f}" if size else "-",
        ))  # fmt: skip
    return _table(head, rows)


def proven(results: Results) -> Iterator[str]:
    """What was checked while it was measured."""
    head = ("who", "answers counted", "credits charged", "refusals checked")
    rows = []
    for (name, processes), proofs in _grouped(results.proofs):
        requests, charged = sum(one.requests for one in proofs), sum(one.charged for one in proofs)
        refusals = sum(one.refusals for one in proofs)
        title = TITLES[name] + ("" if processes == 1 else f", {processes} processes")
        rows.append((title, f"{requests:,}", f"{charged / 1_000_000:,.1f}", str(refusals)))
    yield (
        "Every answer that was counted had the status and, where all pictures are the same, the size of the one that "
        "was looked at before and after. The store's balance went down by the price of exactly that many."
    )
    yield _table(head, rows)
    yield from _sent(results.proofs)


def pictures(results: Results) -> str:
    """Times of the embedded engines."""
    return _table(("what", "measured"), list(results.pictures.items()), right=())


def _sent(proofs: Sequence[Proof]) -> Iterator[str]:
    """How large answers are, and what Prism sends in the place of pictures."""
    lines = []
    for work in works():
        sizes = {TITLES[one.contestant]: one.size for one in proofs if one.work == work.name and one.processes == 1}
        if sizes and not work.varied:
            lines.append(f"- {work.title}: {', '.join(f'{title} {size:,}' for title, size in sizes.items())}")
    if lines:
        yield "Bytes of an answer, head included (Prism answers with the examples of the contract, not with pictures):"
        yield "\n".join(lines)


def _heading(processes: int, results: Results) -> str:
    title = "One process" if processes == 1 else f"{processes} processes"
    return f"**{title}**, processor time at {_connections(results)} connections"


def _names(results: Results, processes: int) -> list[str]:
    measured = {sample.contestant for sample in results.samples if sample.processes == processes}
    return [name for name in TITLES if name in measured]


def _connections(results: Results) -> int:
    """The number at which processor time is compared, or the one next to it that was measured."""
    counts: list[int] = results.known("connections")
    return min(counts, key=lambda count: abs(count - CONNECTIONS))


def _processor(results: Results, processes: int, work: str, name: str) -> str:
    count = _connections(results)
    score = results.score(name, processes, work, count)
    if score is None:
        return "-"
    if name == "understudy":
        return f"**{_whole(score.processor)}**"
    theirs, ours = (results.of(one, processes, work, count) for one in (name, "understudy"))
    times = ratio(theirs, ours, lambda sample: sample.processor)
    return _whole(score.processor) if times is None else f"{_whole(score.processor)} ({times:.1f}x)"


def _load(scores: Sequence[Score]) -> Iterator[str]:
    yield " / ".join(_whole(score.rate) for score in scores)
    yield " / ".join(_milliseconds(score.p50) for score in scores)
    yield " / ".join(_milliseconds(score.p99) for score in scores)


def _costs(results: Results, processes: int, work: str, name: str) -> tuple[str, str]:
    score = results.score(name, processes, work, _connections(results))
    return (_whole(score.processor), _whole(score.store)) if score else ("-", "-")


def _grouped(proofs: Iterable[Proof]) -> Iterator[tuple[tuple[str, int], list[Proof]]]:
    groups: dict[tuple[str, int], list[Proof]] = {}
    for proof in proofs:
        groups.setdefault((proof.contestant, proof.processes), []).append(proof)
    yield from groups.items()


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _milliseconds(microseconds: float) -> str:
    value = microseconds / 1000
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1, right: Sequence[int] | None = None
) -> str:
    """``left`` columns are aligned to the left and all others to the right, unless ``right`` names those that are."""
    aligned = range(left, len(head)) if right is None else right
    rule = ["--:" if number in aligned else "--" for number in range(len(head))]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(rule)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
