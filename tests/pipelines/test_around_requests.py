"""A server with real engines before its first request, with a queue, and at its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.pipelines.serving import Tiny, patient, write_engines
from tests.pipelines.test_failures import slow, worker_of
from tests.running import Server
from tests.store.servers import alive, wait_until


def test_torch_is_at_hand_before_it_is_asked_for(
    make_server: Callable[..., Server], tiny: Tiny, tmp_path: Path
) -> None:
    """The worker is ready without a request, who waits for it is counted, and it ends with the server."""
    file = write_engines(tmp_path / "engines.toml", tiny)
    server = make_server("--engines", "diffusers", "--engines-file", str(file), UNDERSTUDY_THREADS="1")
    wait_until(lambda: ready(server), 300)
    worker = worker_of(server)

    with patient(server) as client:
        assert client.get("/readyz").json()["queue"] == 0
        for _ in range(3):
            threading.Thread(target=hung_up, args=(server,)).start()
        wait_until(lambda: client.get("/readyz").json()["queue"] == 2, 60)

    assert server.stop() == 0
    assert not alive(worker)
    assert not (server.home / "engines-status.json").exists()


def hung_up(server: Server) -> None:
    """A long request whose end nobody sees."""
    try:
        slow(patient(server))
    except OSError:
        return


def ready(server: Server) -> bool:
    """Whether the status file knows the worker's device by its name."""
    file = server.home / "engines-status.json"
    devices: list[dict[str, Any]] = json.loads(file.read_text())["devices"] if file.exists() else []
    return any(device["name"] for device in devices)
