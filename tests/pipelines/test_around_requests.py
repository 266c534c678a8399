"""A server with real engines before its first request and at its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.pipelines.serving import Tiny, write_engines
from tests.pipelines.test_failures import worker_of
from tests.running import Server
from tests.store.servers import alive, wait_until


def test_torch_is_at_hand_before_it_is_asked_for(
    make_server: Callable[..., Server], tiny: Tiny, tmp_path: Path
) -> None:
    """The worker is ready without a request, and it ends with the server."""
    file = write_engines(tmp_path / "engines.toml", tiny)
    server = make_server("--engines", "diffusers", "--engines-file", str(file), UNDERSTUDY_THREADS="1")
    wait_until(lambda: ready(server), 300)
    worker = worker_of(server)

    assert server.stop() == 0
    assert not alive(worker)
    assert not (server.home / "engines-status.json").exists()


def ready(server: Server) -> bool:
    """Whether the status file knows the worker's device by its name."""
    file = server.home / "engines-status.json"
    devices: list[dict[str, Any]] = json.loads(file.read_text())["devices"] if file.exists() else []
    return any(device["name"] for device in devices)
