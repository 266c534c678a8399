"""Processor time per request as a chart: a group of bars for each work, one bar for each contestant.

Each group has a scale of its own, because a drawn picture costs a hundred times what a balance does. The drawing has no
background and colours that can be read on light and on dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.peers.contestants import TITLES
from benchmarks.peers.results import Results
from benchmarks.peers.targets import CONNECTIONS
from benchmarks.peers.work import works

# An older Understudy is not drawn: it is no peer, and what it drew anew each time would leave no room for the others.
COLOURS = {
    "understudy": "#2f9e6e",
    "asyncapp": "#4f86c6",
    "flaskapp": "#9a7fc9",
    "starlette": "#9a9a9a",
    "prism": "#d0873c",
}
WIDTH, LABELS, FIGURES, EDGE = 860, 210, 80, 16
BAR, STEP, GAP, TOP = 13, 16, 16, 104
STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;fill:#6e7781}"
    ".head{font-size:16px;font-weight:600}.work{font-weight:600}.figure{font-size:11px}.ours{font-weight:700}"
    "@media(prefers-color-scheme:dark){text{fill:#a8b1bb}}"
)


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one work: names of contestants and their microseconds."""

    title: str
    bars: Sequence[tuple[str, float]]
    pictured: bool
    """Whether a picture is asked for, in whose place some answer an example."""

    @property
    def height(self) -> int:
        """In pixels, with the gap below."""
        return len(self.bars) * STEP + GAP


def chart(results: Results) -> str:
    """An SVG drawing of all work with one process. Raises ``ValueError`` where that was not measured."""
    groups = list(_groups(results))
    if not groups:
        raise ValueError("the chart shows one process, which was not measured")
    names = [name for name in COLOURS if any(name == bar for group in groups for bar, _ in group.bars)]
    height = TOP + sum(group.height for group in groups) + EDGE - GAP
    body = [*_head(names)]
    top = TOP
    for group in groups:
        body += _drawn(group, top)
        top += group.height
    label = "Processor time per request, in microseconds: " + "; ".join(map(_spoken, groups))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(label)}">',
        f"<style>{STYLE}</style>",
        *body,
        "</svg>",
        "",
    ])  # fmt: skip


def _groups(results: Results) -> Iterator[Group]:
    connections = min(results.known("connections"), key=lambda count: abs(count - CONNECTIONS), default=0)
    for work in works():
        scores = [(name, results.score(name, 1, work.name, connections)) for name in COLOURS]
        bars = [(name, score.processor) for name, score in scores if score]
        if bars:
            yield Group(work.title, bars, work.answer in {"png", "artifacts"})


def _head(names: Sequence[str]) -> Iterator[str]:
    yield f'<text class="head" x="{EDGE}" y="28">Processor time per request, in microseconds</text>'
    yield f'<text x="{EDGE}" y="49">One process each. Less is better. Every group has a scale of its own.</text>'
    left = float(EDGE)
    for name in names:
        yield f'<rect x="{left:.0f}" y="66" width="12" height="12" rx="2" fill="{COLOURS[name]}"/>'
        yield f'<text x="{left + 17:.0f}" y="77">{escape(TITLES[name])}</text>'
        left += 17 + 7.4 * len(TITLES[name]) + 16


def _drawn(group: Group, top: int) -> Iterator[str]:
    """The title beside its bars; the longest bar fills the width, whatever it stands for."""
    middle = top + len(group.bars) * STEP / 2 + 4
    yield f'<text class="work" x="{LABELS - 12}" y="{middle:.0f}" text-anchor="end">{escape(group.title)}</text>'
    longest = max(value for _, value in group.bars) or 1.0
    for number, (name, value) in enumerate(group.bars):
        y = top + number * STEP
        width = max(2.0, value / longest * (WIDTH - LABELS - FIGURES))
        ours = " ours" if name == "understudy" else ""
        note = ", an example without a picture" if group.pictured and name == "prism" else ""
        yield f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{COLOURS[name]}"/>'
        yield f'<text class="figure{ours}" x="{LABELS + width + 6:.0f}" y="{y + 10.5}">{value:,.0f}{note}</text>'


def _spoken(group: Group) -> str:
    return f"{group.title}: " + ", ".join(f"{TITLES[name]} {value:.0f}" for name, value in group.bars)
