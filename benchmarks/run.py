"""Measures start-up, picture times and size on this machine, and writes them as a Markdown table.

`make bench` runs it in a checkout. It needs nothing but the plain installation.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engines.catalog import CARDS  # noqa: E402 -- only now on the path
from engines.codec import encode_png  # noqa: E402
from engines.registry import Registry  # noqa: E402
from engines.sketch import SketchFamily  # noqa: E402
from engines.types import GenerationRequest, Prompt, Task  # noqa: E402

KEY = "sk-" + "Bench000" * 6
SMALL, LARGE, UPSCALER = "stable-diffusion-v1-6", "stable-diffusion-xl-1024-v1-0", "esrgan-v1-x2plus"
STARTS, PICTURES, SAMPLES = 10, 15, 10


def main() -> None:
    """Measure everything, one thing after the other."""
    cores = os.cpu_count() or 1
    request = text_to_image(LARGE, 1024, samples=SAMPLES)(7)
    alone, together = (statistics.median(drawn(request, threads) for _ in range(3)) for threads in (1, cores))
    bare, compiled, packages = installed_size()
    rows = {
        "process start to the first answer": f"{statistics.median(starts()):.2f} s, median of {STARTS}",
        "512x512 text-to-image as PNG, one thread": median(text_to_image(SMALL, 512)),
        "1024x1024 text-to-image as PNG, one thread": median(text_to_image(LARGE, 1024)),
        "1024x1024 upscaled to 2048x2048 as PNG, one thread": median(upscale),
        f"{SAMPLES} samples of 1024x1024 as PNG, one thread": f"{alone * 1000:.0f} ms",
        f"the same on {cores} threads": f"{together * 1000:.0f} ms, {alone / together:.1f} times as fast",
        "plain installation": f"{bare:.0f} MB in {packages} packages, {compiled:.0f} MB with bytecode",
    }
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {cores} cores"
    lines = [f"{time.strftime('%Y-%m-%d')}, {machine}", "", "| what | measured |", "|--|--|"]
    lines += [f"| {what} | {measured} |" for what, measured in rows.items()]
    sys.stdout.write("\n".join(lines) + "\n")


def starts() -> list[float]:
    """Seconds from the start of the process to a 200 of the engine list; all starts share their data."""
    with tempfile.TemporaryDirectory() as home:
        given = {"UNDERSTUDY_HOME": home, "UNDERSTUDY_API_KEY": KEY, "UNDERSTUDY_LOG_LEVEL": "error"}
        environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"} | given
        return [start(environment) for _ in range(STARTS)]


def start(environment: dict[str, str]) -> float:
    """One start and stop."""
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0"]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own server
        try:
            greeting = process.stdout.readline() if process.stdout else ""
            url = f"{greeting.split()[-1]}/v1/engines/list"
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {KEY}"})  # noqa: S310 -- http
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- http
                answer.read()
            return time.perf_counter() - began
        finally:
            process.terminate()


def text_to_image(engine_id: str, side: int, samples: int = 1) -> Callable[[int], GenerationRequest]:
    """Requests that differ in their seed."""
    prompts = (Prompt("a lighthouse on a cliff at sunset, sailing boats, gulls"),)
    return lambda seed: GenerationRequest(
        Task.TEXT_TO_IMAGE, engine_id, side, side, seed, prompts=prompts, samples=samples
    )


def upscale(seed: int) -> GenerationRequest:
    """A request for twice the size of a picture of coloured squares."""
    init = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    return GenerationRequest(Task.UPSCALE, UPSCALER, 2048, 2048, seed, init=init)


def median(request: Callable[[int], GenerationRequest]) -> str:
    """Median over requests with different seeds, after one to warm up."""
    times = [drawn(request(seed), threads=1) for seed in range(1, PICTURES + 2)]
    return f"{statistics.median(times[1:]) * 1000:.0f} ms"


def drawn(request: GenerationRequest, threads: int) -> float:
    """Seconds to draw and encode one request."""
    pool = ThreadPoolExecutor(threads)
    family = SketchFamily(pool)
    registry = Registry({card.id: family for card in CARDS}, CARDS)
    began = time.perf_counter()
    pictures = registry.submit(request).result()
    list(pool.map(lambda picture: encode_png(picture.pixels), pictures))
    taken = time.perf_counter() - began
    registry.close()
    return taken


def installed_size() -> tuple[float, float, int]:
    """What `pip install .` brings, Understudy included: megabytes without and with bytecode, packages."""
    packages = [importlib.metadata.distribution(name) for name in needed("understudy", set())]
    others = [package for package in packages if package.name != "understudy"]
    brought = {str(package.locate_file(file)) for package in others for file in package.files or []}
    own = {str(file) for part in ("app", "engines", "spec", "understudy") for file in (ROOT / part).rglob("*")}
    sizes = {file: file.stat().st_size / 1e6 for file in map(Path, brought | own) if file.is_file()}
    bare = sum(size for file, size in sizes.items() if file.suffix != ".pyc")
    return bare, sum(sizes.values()), len(packages)


def needed(name: str, seen: set[str]) -> Iterator[str]:
    """The package and all that it needs and that is installed; what only an extra needs is left out."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    if plain in seen:
        return
    seen.add(plain)
    try:
        requirements = importlib.metadata.requires(plain) or []
    except importlib.metadata.PackageNotFoundError:
        return
    yield plain
    for requirement in requirements:
        if "extra ==" not in requirement:
            yield from needed(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0], seen)


if __name__ == "__main__":
    main()
