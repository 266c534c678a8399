"""What one request costs with few and with many engines, contracts, worlds of test mode and pictures in the gallery."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import os
import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from app.gallery.folder import Gallery
from benchmarks.growth.cost import Cost, Meter
from benchmarks.growth.visits import balance
from benchmarks.subject import KEY, served
from engines.catalog import CARDS
from engines.registry import Registry
from engines.sketch import SketchFamily
from engines.types import GenerationRequest, Prompt, Task

HERE = "median by the clock / processor of this process, in us"
THERE = "median by the clock / processor of the server, in us"
START = 1_700_000_000.0
APART = 0.5
"""Seconds between two pictures in the gallery, whose lists are kept by the minute."""


def engines(many: int, times: int) -> Mapping[str, Cost]:
    """One request's check and the whole list, with so many cards."""
    like = next(card for card in CARDS if Task.TEXT_TO_IMAGE in card.tasks)
    cards = [dataclasses.replace(like, id=f"engine-{number}") for number in range(many)]
    with ThreadPoolExecutor(1) as pool:
        family = SketchFamily(pool)
        registry = Registry({card.id: family for card in cards}, cards)
        asked = GenerationRequest(Task.TEXT_TO_IMAGE, cards[-1].id, 1024, 1024, 1, prompts=(Prompt("a boat"),))
        meter = Meter((os.getpid(),))
        return {
            "check one request": meter.of(lambda _: registry.check(asked), range(times)),
            "list the engines": meter.of(lambda _: registry.cards(), range(times)),
        }


def contracts(names: str, times: int) -> Mapping[str, Cost]:
    """One balance of a server that serves these contracts, or all for an empty text."""
    with served(program="benchmarks.growth.few", BENCH_CONTRACTS=names) as subject:
        return _balances(subject.connect(), subject.pid, [KEY], times)


def worlds(many: int, times: int) -> Mapping[str, Cost]:
    """One balance in test mode while so many keys have a world, the one asked with a full journal."""
    with served(UNDERSTUDY_TEST="on") as subject:
        line = subject.connect()
        keys = [f"sk-world-{number}" for number in range(many)]
        for key in keys:
            balance(line, key)
        return _balances(line, subject.pid, keys, times)


def gallery(many: int, times: int) -> Mapping[str, Cost]:
    """The calls of a gallery of so many pictures of one organization; ``count`` and ``sweep`` look at each of them."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_gallery(Path(folder), many, times))


async def _gallery(folder: Path, many: int, times: int) -> Mapping[str, Cost]:
    clock = [START - many * APART]
    show = Gallery(folder, 86_400, 1 << 40, lambda _: clock[0], lambda: clock[0])
    ids = []
    for number in range(many):
        ids.append((await show.keep("org-1", b"picture", "image/png", {"seed": number})).id)
        clock[0] += APART
    meter, dice = Meter((os.getpid(),)), random.Random(3)  # noqa: S311 -- only spreads the load
    return {
        "keep": await meter.of_calls(lambda _: show.keep("org-1", b"picture", "image/png", {}), range(times)),
        "read": await meter.of_calls(lambda _: show.read(dice.choice(ids)), range(times)),
        "page of 20": await meter.of_calls(lambda _: show.page("org-1", 20, None), range(times)),
        "count": await meter.of_calls(lambda _: show.count("org-1"), range(3)),
        "sweep": await meter.of_calls(lambda _: show.sweep(), range(3)),
    }


def _balances(line: http.client.HTTPConnection, pid: int, keys: list[str], times: int) -> Mapping[str, Cost]:
    for _ in range(50):
        balance(line, keys[0])
    dice = random.Random(4)  # noqa: S311 -- only spreads the load
    return {"GET balance": Meter((pid,)).of(lambda _: balance(line, dice.choice(keys)), range(times))}
