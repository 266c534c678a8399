"""What requests for pictures cost when they are drawn and when they are asked for again, one after the other (Linux).

`python benchmarks/again.py` measures this checkout; `--against FOLDER` takes turns with another one.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image
from subject import KEY, ROOT, Subject, processor, served

BOUNDARY = "understudy-bench"
SMALL, LARGE, UPSCALER = "stable-diffusion-v1-6", "stable-diffusion-xl-1024-v1-0", "esrgan-v1-x2plus"
JSON, PNG = "application/json", "image/png"

fresh = count(1000)
"""Seeds that nobody has asked for."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of request: ``body`` makes one, and ``times`` says how many are sent in a round."""

    path: str
    accept: str
    media: str
    body: Callable[[], bytes]
    times: int
    test: bool = False
    samples: int = 1


def main() -> None:
    """Measure, and write a Markdown table."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--against", type=Path, help="another checkout")
    given.add_argument("--rounds", type=int, default=3, help="medians are taken of so many")
    options = given.parse_args()
    sources = {"this checkout": ROOT} | ({str(options.against): options.against} if options.against else {})
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        modes: dict[bool, dict[str, str]] = {False: {}, True: {"UNDERSTUDY_TEST": "on"}}
        subjects = {
            (who, test): stack.enter_context(served(source, **settings))
            for who, source in sources.items()
            for test, settings in modes.items()
        }
        for _ in range(options.rounds):
            for name, work in works().items():
                for who in sources:
                    rows.setdefault((name, who), []).append(measured(subjects[who, work.test], work))
    lines = ["| request | checkout | processor ms | ms by the clock |", "|--|--|--:|--:|"]
    for (name, who), found in rows.items():
        spent, waited = (statistics.median(column) for column in zip(*found, strict=True))
        lines.append(f"| {name} | {who} | {spent:.2f} | {waited:.2f} |")
    sys.stdout.write("\n".join(lines) + "\n")


def works() -> dict[str, Work]:
    """Everything that is asked for."""
    photo = grainy(512)
    again = textual(side=512)
    redrawn = form({"text_prompts[0][text]": "a lighthouse", "seed": "7"}, "init_image", photo)
    drawn = lambda side: lambda: textual(side, next(fresh))  # noqa: E731 -- a body for each call
    return {
        "512x512 as JSON, drawn": Work(route(SMALL), JSON, JSON, drawn(512), 20),
        "512x512 as JSON, again": Work(route(SMALL), JSON, JSON, lambda: again, 400),
        "512x512 as JSON, again, in test mode": Work(route(SMALL), JSON, JSON, lambda: again, 400, test=True),
        "512x512 as PNG, again": Work(route(SMALL), PNG, JSON, lambda: again, 400),
        f"from a picture of {len(photo) // 1000} kB as PNG, again": Work(
            route(SMALL, "image-to-image"), PNG, f"multipart/form-data; boundary={BOUNDARY}", lambda: redrawn, 100
        ),
        "1024x1024 as PNG, drawn": Work(route(LARGE), PNG, JSON, drawn(1024), 10),
        "ten of 1024x1024 as JSON, drawn": Work(
            route(LARGE), JSON, JSON, lambda: textual(1024, next(fresh) * 100, 10), 3, samples=10
        ),
        "1024x1024 made 2048x2048 as PNG": Work(
            route(UPSCALER, "image-to-image/upscale"),
            PNG,
            f"multipart/form-data; boundary={BOUNDARY}",
            lambda: form({}, "image", squares(next(fresh))),
            5,
        ),
    }


def measured(subject: Subject, work: Work) -> tuple[float, float]:
    """Milliseconds of the processor and by the clock for one request."""
    connection = subject.connect()
    ask(connection, work)  # It loads what only drawing needs, and is what is asked for again.
    began = processor(subject.pid)
    waited = statistics.median(times(connection, work))
    spent = (processor(subject.pid) - began) / work.times
    connection.close()
    return spent * 1000, waited * 1000


def times(connection: http.client.HTTPConnection, work: Work) -> Iterator[float]:
    """Seconds of every request, from sending until the answer is read."""
    for _ in range(work.times):
        began = time.perf_counter()
        ask(connection, work)
        yield time.perf_counter() - began


def ask(connection: http.client.HTTPConnection, work: Work) -> None:
    """One request; what is answered has to be as many pictures as were asked for."""
    headers = {"Authorization": f"Bearer {KEY}", "Accept": work.accept, "Content-Type": work.media}
    connection.request("POST", work.path, work.body(), headers)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {data[:200]!r}")
    if work.accept == JSON and data.count(b'"base64":"iVBORw0KGgo') != work.samples:
        raise SystemExit("these are not the pictures that were asked for")
    if work.accept == PNG and not data.startswith(b64decode("iVBORw0KGgo=")):
        raise SystemExit("this is no PNG")


def route(engine_id: str, task: str = "text-to-image") -> str:
    """Where a picture is asked for."""
    return f"/v1/generation/{engine_id}/{task}"


def textual(side: int, seed: int = 7, samples: int = 1) -> bytes:
    """A body of text-to-image."""
    prompt = {"text": "a lighthouse on a cliff at sunset, sailing boats, gulls"}
    body = {"text_prompts": [prompt], "width": side, "height": side, "seed": seed, "samples": samples}
    return json.dumps(body).encode()


def form(fields: dict[str, str], name: str, picture: bytes) -> bytes:
    """A form with one picture."""
    parts = [f'name="{field}"\r\n\r\n{value}'.encode() for field, value in fields.items()]
    parts.append(f'name="{name}"; filename="picture.png"\r\nContent-Type: {PNG}\r\n\r\n'.encode() + picture)
    whole = b"".join(b"--%b\r\nContent-Disposition: form-data; %b\r\n" % (BOUNDARY.encode(), part) for part in parts)
    return whole + f"--{BOUNDARY}--\r\n".encode()


def grainy(side: int) -> bytes:
    """A PNG as large as a photograph's: soft colours with noise."""
    dice = np.random.default_rng(7)
    soft = Image.fromarray(dice.integers(0, 256, (16, 16, 3), np.uint8)).resize((side, side))
    return png(np.asarray(soft) // 2 + dice.integers(0, 5, (side, side, 3), np.uint8))


def squares(seed: int) -> bytes:
    """A PNG of coloured squares, 1024x1024."""
    return png(np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8).repeat(16, 0).repeat(16, 1))


def png(pixels: np.ndarray) -> bytes:
    """As most programs write it."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
