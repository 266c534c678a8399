"""What was measured, as Markdown for people and as JSON for programs."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import diffusers
import torch

from benchmarks.contest import Outcome, Score
from benchmarks.serving import Served
from engines.loading.device import Device

HEAD = (
    "| what | who | s per picture | s per step | processor s | MB beside weights | MB in all |\n"
    "|--|--|--:|--:|--:|--:|--:|"
)


def machine(device: Device, dtype: torch.dtype) -> dict[str, Any]:
    """Where and with what it was measured."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "device": str(device.torch),
        "name": device.name,
        "system": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
        "dtype": str(dtype).removeprefix("torch."),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
    }


def markdown(where: Mapping[str, Any], outcomes: Sequence[Outcome], served: Served | None) -> str:
    """A line on the machine, a table of all contests, how far pictures were apart, and what the server added."""
    lines = [
        f"{where['date']}, {where['device']} ({where['name']}), {where['system']}, {where['dtype']}, "
        f"{where['threads']} threads, torch {where['torch']}, diffusers {where['diffusers']}"
    ]
    if outcomes:
        lines += ["", HEAD, *(row for outcome in outcomes for row in _rows(outcome)), ""]
        lines += [f"- {_apart(outcome)}" for outcome in outcomes]
    if served:
        lines += ["", *_served(served)]
    return "\n".join(lines) + "\n"


def plain(where: Mapping[str, Any], outcomes: Sequence[Outcome], served: Served | None) -> dict[str, Any]:
    """The same with all digits: seconds, bytes, levels of 0 to 255."""
    return {
        **where,
        "outcomes": [dataclasses.asdict(outcome) for outcome in outcomes],
        "served": served and {**dataclasses.asdict(served), "overhead": served.overhead},
    }


def _rows(outcome: Outcome) -> Iterator[str]:
    for score in outcome.scores:
        cells = [outcome.what, score.name, *_figures(score)]
        yield f"| {' | '.join(cells)} |"


def _figures(score: Score) -> list[str]:
    lap = "-" if score.per_step is None else f"{score.per_step:.3f}"
    return [
        f"{score.seconds:.2f}",
        lap,
        f"{score.processor:.2f}",
        f"{score.memory / 1e6:.0f}",
        f"{score.total / 1e6:.0f}",
    ]


def _apart(outcome: Outcome) -> str:
    return (
        f"{outcome.what}: values differ by {outcome.largest} of 255 at most and by {outcome.mean:.3f} in the mean, "
        f"in pictures whose standard deviation is {outcome.spread:.0f}"
    )


def _served(served: Served) -> list[str]:
    return [
        "| a tiny model behind the server, best times | measured |",
        "|--|--|",
        f"| POST until the PNG is read | {served.post * 1000:.0f} ms |",
        f"| of that, the model | {served.draw * 1000:.0f} ms |",
        f"| of that, PNG | {served.png * 1000:.0f} ms |",
        f"| what the server adds, PNG included | {served.overhead * 1000:.0f} ms |",
        f"| pictures per minute, one client | {served.alone:.0f} |",
        f"| pictures per minute, four clients | {served.together:.0f} |",
    ]
