"""Memory: a worker that has drawn for long holds no more than one that has drawn a little."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.serving import patient
from tests.pipelines.test_failures import worker_of
from tests.running import Client, Server
from tests.wire.asking import text_to_image

WARM, MORE = 15, 50
BOUND = 8_000_000
"""Bytes; the median of growth measured on Linux is well below a tenth of it."""


def test_fifty_generations_do_not_grow_the_worker(real_server: Server) -> None:
    """Fifty pictures with fifty prompts, of the same size on the same engine, leave its memory as it was."""
    with patient(real_server) as client:
        _draw(client, range(WARM))
        before = _resident(real_server)
        _draw(client, range(WARM, WARM + MORE))
        grown = _resident(real_server) - before

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
