"""What is left of a server that is stopped while it draws: a proper answer, no process, no file, no trace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests

from tests.pipelines.serving import Tiny, patient, write_engines
from tests.running import Server
from tests.store.servers import wait_until
from tests.wire.asking import credits_of

MakeServer = Callable[..., Server]


def test_ctrl_c_twice_in_the_middle_of_a_picture(make_server: MakeServer, tiny: Tiny, tmp_path: Path) -> None:
    """The caller gets 500 in the words of the API and the credits back; nothing is left running or lying about."""
    file = write_engines(tmp_path / "engines.toml", tiny)
    settings = ("--engines", "diffusers", "--engines-file", str(file))
    server = make_server(*settings, UNDERSTUDY_THREADS="1")
    status = server.home / "engines-status.json"
    with patient(server) as client:
        before = credits_of(client)
    answers: list[requests.Response] = []
    asking = threading.Thread(target=lambda: answers.append(endless(server)))
    asking.start()
    wait_until(lambda: status.exists() and '"running": "stable-diffusion-v1-5"' in status.read_text())

    assert server.process is not None
    server.process.send_signal(2)
    time.sleep(0.5)
    assert server.stop() == 0
    asking.join()

    assert (answers[0].status_code, answers[0].json()["name"]) == (500, "server_error")
    assert "Traceback" not in server.output()
    assert "Stopped." in server.output()
    assert not status.exists()
    with patient(make_server(*settings, UNDERSTUDY_THREADS="1")) as client:
        assert credits_of(client) == before


def endless(server: Server) -> requests.Response:
    """A request that takes minutes."""
    with patient(server) as client:
        body = {"text_prompts": [{"text": "a fox"}], "steps": 150, "samples": 10, "width": 1024, "height": 1024}
        return client.post("/v1/generation/stable-diffusion-v1-5/text-to-image", json=body)
