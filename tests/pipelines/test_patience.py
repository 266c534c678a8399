"""Requests that wait for a real engine: how many, how long, and what becomes of those who give up."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.pipelines.serving import Tiny, patient, write_engines
from tests.running import VERSIONS, Client, Server
from tests.store.servers import wait_until
from tests.wire import raw
from tests.wire.asking import SMALL, SMALL_SIZE, credits_of, path, text_to_image, words

ENGINE = "stable-diffusion-v1-5"
LONG = {"steps": 150, "samples": 10, "width": 1024, "height": 1024}
"""Minutes of work."""
CROWD = 4


def waiting(client: Client) -> int:
    """The length of the queue, as ``/readyz`` tells it."""
    return int(client.get("/readyz").json()["queue"])


def small(client: Client, version: str = "v1") -> int:
    """The status of a request that takes a moment."""
    return text_to_image(client, version, SMALL, **SMALL_SIZE).status_code


def test_the_queue_is_told_and_left(real_server: Server) -> None:
    """``/readyz`` counts who waits behind a long request; who hangs up leaves the queue and pays nothing."""
    body = json.dumps(words(**LONG)).encode()
    headers = (f"Authorization: Bearer {real_server.key}", "Content-Type: application/json")
    asking = raw.request("POST", path("v1", engine=ENGINE), *headers, body=body)

    with patient(real_server) as client:
        before = credits_of(client)
        with ExitStack() as crowd:
            for _ in range(CROWD):
                crowd.enter_context(raw.Connection(real_server.url)).send(asking)
            wait_until(lambda: waiting(client) == CROWD - 1)

        wait_until(lambda: waiting(client) == 0)
        wait_until(lambda: credits_of(client) == before)
        assert small(client) == 200


def test_a_request_that_takes_too_long_is_ended(make_server: Callable[..., Server], tiny: Tiny, tmp_path: Path) -> None:
    """500 and no charge for the one that is drawn and for those that wait; then the device is free for the next."""
    file = write_engines(tmp_path / "engines.toml", tiny)
    env = {"UNDERSTUDY_THREADS": "1", "UNDERSTUDY_REQUEST_SECONDS": "3"}
    server = make_server("--engines", "diffusers", "--engines-file", str(file), **env)

    def ask(version: str) -> tuple[int, str]:
        with patient(server) as client:
            answer = text_to_image(client, version, ENGINE, **LONG)
            return answer.status_code, answer.json()["name"]

    with patient(server) as client, ThreadPoolExecutor(len(VERSIONS)) as crowd:
        wait_until(lambda: small(client) == 200, seconds=120)
        before = credits_of(client)

        answers = list(crowd.map(ask, VERSIONS))

        assert answers == [(500, "server_error")] * len(VERSIONS)
        wait_until(lambda: credits_of(client) == before)
        wait_until(lambda: small(client) == 200)
