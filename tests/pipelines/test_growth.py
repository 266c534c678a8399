"""Memory: a worker that has drawn for long holds no more than one that has drawn a little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipelines.serving import patient, write_engines
from tests.pipelines.test_failures import worker_of
from tests.running import Client, Server
from tests.wire.asking import text_to_image

WARM, MORE = 15, 50
BOUND = 4_000_000
"""Bytes; with the allocator told to keep nothing, the growth measured on Linux stays below one million."""

KEEP_NOTHING = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""Makes glibc return what is freed at once: its caches let the resident size swing by 20 MB without a leak."""


@pytest.fixture
def frugal_server(tiny: Callable[[str], Path], tmp_path: Path) -> Iterator[Server]:
    """A server whose resident memory is the memory that it uses."""
    file = write_engines(tmp_path / "engines.toml", tiny)
    env = {"UNDERSTUDY_CREDITS": "1000000", "UNDERSTUDY_OUTPUT_WORDS": "off", "UNDERSTUDY_THREADS": "1"} | KEEP_NOTHING
    with Server(tmp_path / "home", "--engines", "diffusers", "--engines-file", str(file), **env) as running:
        yield running


def test_fifty_generations_do_not_grow_the_worker(frugal_server: Server) -> None:
    """Fifty pictures with fifty prompts, of the same size on the same engine, leave its memory as it was."""
    with patient(frugal_server) as client:
        _draw(client, range(WARM))
        before = _resident(frugal_server)
        _draw(client, range(WARM, WARM + MORE))
        grown = _resident(frugal_server) - before

    print(f"grown by {grown / 1e6:.1f} MB over {MORE} generations")
    assert grown < BOUND


def _draw(client: Client, numbers: range) -> None:
    for number in numbers:
        answer = text_to_image(client, "v1", engine="stable-diffusion-v1-6", text_prompts=[{"text": f"fox {number}"}])
        assert answer.status_code == 200


def _resident(server: Server) -> int:
    status = Path(f"/proc/{worker_of(server)}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
