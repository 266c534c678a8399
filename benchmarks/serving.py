"""What the server adds to a picture: HTTP, charge, queue, pipe and PNG around the drawing, with a tiny model."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from benchmarks.contest import Tell
from benchmarks.contestants import card_of
from engines.codec import encode_png
from engines.loading.device import Device
from engines.loading.keeper import Keeper
from engines.loading.model import Model, Order, Watch
from engines.types import GenerationRequest, Pixels, Prompt, Sampler, Task
from engines.weights.setup import EngineSetup, Kind, Located, Source
from tests.tiny.models import build

ROOT = Path(__file__).resolve().parent.parent
KEY = "sk-" + "Bench000" * 6
CARD = card_of("stable-diffusion-v1-6")
SIDE, STEPS, CFG_SCALE, CLIENTS = 512, 10, 7.0, 4
WORDS = "a lighthouse on a cliff at sunset"


@dataclass(frozen=True, slots=True)
class Served:
    """A request until its PNG is read, the model's own work and encoding, each the best of all rounds, in seconds.

    The best, because whatever else the machine does only adds, and the difference of two medians may drown in it.
    """

    post: float
    draw: float
    png: float
    alone: float
    """Pictures per minute for one client, on average."""
    together: float
    """And for several at once."""

    @property
    def overhead(self) -> float:
        """What the server adds, encoding included."""
        return self.post - self.draw


def measure(device: Device, dtype: torch.dtype, rounds: int, tell: Tell) -> Served:
    """Requests to a server and the same pictures drawn in this process, in turn; then several clients at once."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        tell("served: building and saving a tiny model")
        source = Source(path=build("sd1", folder / "model"))
        precision = str(dtype).removeprefix("torch.")
        setup = EngineSetup(CARD.id, Kind.DIFFUSION, source, device=str(device.torch), dtype=precision)
        model = Keeper(device, device.budget).lend(setup, Located(folder=source.path), None)
        with _server(folder, setup) as url:
            return _compared(model, url, rounds, tell)


def _compared(model: Model, url: str, rounds: int, tell: Tell) -> Served:
    tell("served: warming up")
    for seed in (1, 2):
        _post(url, seed)
        _drawn(model, seed)
    posts: list[float] = []
    draws: list[float] = []
    encodings: list[float] = []
    for seed in range(3, rounds + 3):
        times = [time.perf_counter()]
        _post(url, seed)
        times.append(time.perf_counter())
        pixels = _drawn(model, seed)
        times.append(time.perf_counter())
        encode_png(pixels)
        times.append(time.perf_counter())
        for taken, (began, ended) in zip((posts, draws, encodings), itertools.pairwise(times), strict=True):
            taken.append(ended - began)
    tell(f"served: {CLIENTS} clients at once")
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda seed: _post(url, seed), range(3, rounds + 3)))
    together = 60 * rounds / (time.perf_counter() - began)
    return Served(min(posts), min(draws), min(encodings), 60 / statistics.fmean(posts), together)


def _post(url: str, seed: int) -> None:
    """One picture as PNG through HTTP."""
    body = {
        "text_prompts": [{"text": WORDS}],
        "width": SIDE,
        "height": SIDE,
        "steps": STEPS,
        "cfg_scale": CFG_SCALE,
        "sampler": Sampler.K_EULER,
        "seed": seed,
    }
    headers = {"Authorization": f"Bearer {KEY}", "Accept": "image/png", "Content-Type": "application/json"}
    asked = urllib.request.Request(  # noqa: S310 -- http, our own server
        f"{url}/v1/generation/{CARD.id}/text-to-image", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(asked, timeout=600) as answer:  # noqa: S310 -- http, our own server
        answer.read()


def _drawn(model: Model, seed: int) -> Pixels:
    """The same picture, without a server."""
    request = GenerationRequest(
        Task.TEXT_TO_IMAGE,
        CARD.id,
        SIDE,
        SIDE,
        seed,
        prompts=(Prompt(WORDS),),
        steps=STEPS,
        cfg_scale=CFG_SCALE,
        sampler=Sampler.K_EULER,
    )
    watch = Watch(stopped=lambda: False, report=lambda done, total: None)
    return model.draw(Order(CARD, request, seed, watch))


@contextmanager
def _server(folder: Path, setup: EngineSetup) -> Iterator[str]:
    """A server with this one engine, calculating in as many threads as this process; gives its address."""
    file = folder / "engines.toml"
    keys = {"path": str(setup.source.path), "device": setup.device, "dtype": setup.dtype}
    # JSON's strings are TOML's too.
    rows = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    file.write_text("\n".join(["only = true", f'[engines."{setup.engine_id}"]', *rows, ""]), encoding="utf-8")
    given = {
        "UNDERSTUDY_HOME": str(folder / "home"),
        "UNDERSTUDY_API_KEY": KEY,
        "UNDERSTUDY_CREDITS": "1000000",
        "UNDERSTUDY_LOG_LEVEL": "error",
        "UNDERSTUDY_THREADS": str(torch.get_num_threads()),
    }
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | given
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0"]
    command += ["--engines", "diffusers", "--engines-file", str(file)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own server
        try:
            greeting = process.stdout.readline() if process.stdout else ""
            if "http" not in greeting:
                raise SystemExit("the server did not start")
            yield greeting.split()[-1]
        finally:
            process.terminate()
