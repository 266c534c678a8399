"""Whole requests through HTTP, one after the other, most with the key of an account drawn at random."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Mapping

from benchmarks.crowd import WORDS
from benchmarks.growth.cost import Cost, Meter
from benchmarks.growth.filled import Filled, secret
from benchmarks.subject import served

COLUMNS = "median by the clock / processor of the server / processor of Redis, in us"
SIDE = 512
ENGINE = "stable-diffusion-v1-6"


def measure(redis: Filled, times: int) -> Mapping[str, Cost]:
    """The cost of a balance and of a picture that nobody asked for before.

    The server remembers keys for a moment: of ten accounts it knows most, of a million next to none.
    """
    dice = random.Random(2)  # noqa: S311 -- only spreads the load
    numbers = [dice.randrange(redis.accounts) for _ in range(times)]
    with served(REDIS_URL=redis.url) as subject:
        line = subject.connect()
        for number in range(10):
            balance(line, secret(number % redis.accounts))
            picture(line, secret(number % redis.accounts), number + 1)
        meter = Meter((subject.pid, redis.pid))
        seeds = {number: 1000 + place for place, number in enumerate(numbers)}
        return {
            "GET balance, always of one account": meter.of(lambda _: balance(line, secret(0)), numbers),
            "GET balance, of any account": meter.of(lambda number: balance(line, secret(number)), numbers),
            f"POST text-to-image, {SIDE}x{SIDE} as PNG": meter.of(
                lambda number: picture(line, secret(number), seeds[number]), list(seeds)[: max(10, times // 10)]
            ),
        }


def balance(line: http.client.HTTPConnection, key: str, path: str = "/v1/user/balance") -> None:
    """Ask for the balance; anything but a 200 ends the program."""
    line.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    _read(line)


def picture(line: http.client.HTTPConnection, key: str, seed: int) -> None:
    """Ask for a picture; anything but a 200 ends the program."""
    body = {"text_prompts": [{"text": WORDS}], "width": SIDE, "height": SIDE, "seed": seed}
    headers = {"Authorization": f"Bearer {key}", "Accept": "image/png", "Content-Type": "application/json"}
    line.request("POST", f"/v1/generation/{ENGINE}/text-to-image", json.dumps(body), headers)
    _read(line)


def _read(line: http.client.HTTPConnection) -> None:
    answer = line.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"status {answer.status}: {text[:200]!r}")
