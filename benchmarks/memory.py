"""The memory that a server needs for one request, over what it holds while nothing is asked of it (Linux).

`make memory` runs it: the highest figure during each of some requests, all for pictures that nobody asked for before.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from benchmarks.crowd import ask_for_picture
from benchmarks.subject import Subject, choices, chosen, forget_peak, peak, resident

PAUSE = 0.3
"""Seconds in which a server lets go of what it does not keep."""


def main() -> None:
    """Measure and write a table."""
    options = _options()
    with chosen(options) as subject:
        ask_for_picture(subject.connect(), options.side, 1)  # Whatever is loaded by the first request is.
        time.sleep(PAUSE)
        idle = resident(subject.pid)
        rows = [
            _row(subject, options, samples=1, media="image/png"),
            _row(subject, options, samples=options.samples, media="application/json"),
        ]
    sys.stdout.write(
        f"{time.strftime('%Y-%m-%d')}, idle after a first picture: {idle / 1e6:.0f} MB\n\n"
        "| request | MB of the answer | MB over idle, at most | MB that stay |\n|--|--:|--:|--:|\n"
    )
    sys.stdout.write("\n".join([*rows, ""]))


def _row(subject: Subject, options: argparse.Namespace, samples: int, media: str) -> str:
    """Medians over some requests, after one that makes the room that later ones find made."""
    line = subject.connect()
    peaks, sizes = [], []
    before = resident(subject.pid)
    for number in range(options.times + 1):
        time.sleep(PAUSE)
        idle = resident(subject.pid)
        forget_peak(subject.pid)
        sizes.append(ask_for_picture(line, options.side, 1 + number * 100 + samples, samples=samples, media=media))
        peaks.append(peak(subject.pid) - idle)
    time.sleep(PAUSE)
    stays = resident(subject.pid) - before
    figures = (statistics.median(sizes), statistics.median(peaks), stays)
    what = f"{samples} of {options.side}x{options.side} as {media}"
    return f"| {what} | {' | '.join(f'{figure / 1e6:.1f}' for figure in figures)} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make memory", description=__doc__, parents=[choices()])
    parser.add_argument("--samples", type=int, default=10, help="pictures of the larger request (10)")
    parser.add_argument("--side", type=int, default=1024, help="width and height of the pictures (1024)")
    parser.add_argument("--times", type=int, default=4, help="how often each request is made (4)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
