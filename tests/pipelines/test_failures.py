"""What a caller sees when a real engine cannot do its work: the right error, no charge, and a server that goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.pipelines.serving import Tiny, patient, write_engines
from tests.running import Client, Server, rows, understudy
from tests.store.servers import wait_until
from tests.wire.asking import credits_of, every_version, picture, text_to_image

GOOD = "stable-diffusion-v1-5"
BROKEN = "stable-diffusion-v1"
SIZE = {"width": 512, "height": 512}

Start = Callable[..., Server]


@pytest.fixture
def start(make_server: Start, tiny: Tiny, tmp_path: Path) -> Start:
    """Start a server on tiny models; ``changes`` are those of ``write_engines``."""

    def begin(changes: dict[str, dict[str, object]] | None = None, top: str = "", **env: str) -> Server:
        file = write_engines(tmp_path / "engines.toml", tiny, changes, top)
        return make_server("--engines", "diffusers", "--engines-file", str(file), **{"UNDERSTUDY_THREADS": "1", **env})

    return begin


@pytest.fixture
def copy(tiny: Tiny, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a tiny model that a test may spoil."""
    return lambda kind: Path(shutil.copytree(tiny(kind), tmp_path / f"{kind}-copy"))


def logged(server: Server, words: str) -> list[dict[str, object]]:
    """The log lines that hold these words."""
    return [row for row in rows(server.output()) if words in json.dumps(row)]


def worker_of(server: Server) -> int:
    """The process that holds torch: the server's child that runs the worker."""
    assert server.process is not None
    table = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 2) for line in table.splitlines()]
    found = [int(pid) for pid, parent, what in lines if int(parent) == server.process.pid and "engines.worker" in what]
    assert len(found) == 1, table
    return found[0]


def refused(client: Client, engine: str, version: str = "v1") -> requests.Response:
    """A request that fails, after which the balance is what it was."""
    before = credits_of(client)
    answer = text_to_image(client, version, engine=engine, **SIZE)
    assert credits_of(client) == before
    return answer


@every_version
def test_an_engine_without_weights_is_not_found(start: Start, version: str) -> None:
    """It is neither listed nor found, and the log names the command that mends it."""
    server = start({BROKEN: {"hub": "nobody/nothing"}})

    with patient(server) as client:
        listed = [engine["id"] for engine in client.get("/v1/engines/list").json()]
        answer = refused(client, BROKEN, version)

        assert BROKEN not in listed
        assert GOOD in listed
        assert (answer.status_code, answer.json()["name"]) == (404, "not_found")
        assert logged(server, f"understudy engines pull {BROKEN}")


@every_version
def test_a_corrupt_checkpoint_is_a_server_error(start: Start, copy: Callable[[str], Path], version: str) -> None:
    """Half a file: 500 ``server_error``, nothing charged, the other engines go on."""
    folder = copy("sd1")
    weights = next((folder / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    server = start({BROKEN: {"path": str(folder)}})

    with patient(server) as client:
        answer = refused(client, BROKEN, version)

        assert (answer.status_code, answer.json()["name"]) == (500, "server_error")
        assert "safetensors" not in answer.text
        assert logged(server, weights.name)
        assert picture(text_to_image(client, version, engine=GOOD, **SIZE)).shape == (512, 512, 3)


def test_a_file_that_is_missing_from_a_checkpoint_is_not_found(start: Start, copy: Callable[[str], Path]) -> None:
    """An incomplete folder counts as no weights at all."""
    folder = copy("sd1")
    next((folder / "vae").glob("*.safetensors")).unlink()
    server = start({BROKEN: {"path": str(folder)}})

    with patient(server) as client:
        assert refused(client, BROKEN).status_code == 404


def test_a_file_that_vanishes_while_serving_is_noticed(start: Start, copy: Callable[[str], Path]) -> None:
    """Weights that go away before they are loaded leave the list; those that come back are found again."""
    folder = copy("sd1")
    weights = next((folder / "vae").glob("*.safetensors"))
    server = start({BROKEN: {"path": str(folder)}})

    with patient(server) as client:
        kept = weights.rename(weights.with_suffix(".away"))
        wait_until(lambda: refused(client, BROKEN).status_code == 404)
        kept.rename(weights)
        wait_until(lambda: text_to_image(client, "v1", engine=BROKEN, **SIZE).status_code == 200)


def test_the_wrong_architecture_is_a_server_error(start: Start, tiny: Tiny) -> None:
    """An upscaler where a drawing model should be: 500, nothing charged, and the log says what was found."""
    server = start({BROKEN: {"path": str(tiny("x4"))}})

    with patient(server) as client:
        assert refused(client, BROKEN).status_code == 500
        assert logged(server, "channels")
        assert text_to_image(client, "v1", engine=GOOD, **SIZE).status_code == 200


def test_a_model_larger_than_the_memory_is_a_server_error(start: Start, tiny: Tiny) -> None:
    """With a budget that only the smaller of two models fits into, that one goes on serving."""
    small, large = (weight_of(tiny(kind)) for kind in ("sd1", "sdxl"))
    server = start(top=f'[memory]\ncpu = "{(small + large) // 2 / 1e6:.6f}MB"\n')

    with patient(server) as client:
        answer = refused(client, "stable-diffusion-xl-1024-v1-0")

        assert answer.status_code in {400, 500}
        assert refused_for_memory(client).status_code == 500
        assert text_to_image(client, "v1", engine=GOOD, **SIZE).status_code == 200


def refused_for_memory(client: Client) -> requests.Response:
    """A request for SDXL in one of its sizes, which must not be charged."""
    before = credits_of(client)
    answer = text_to_image(client, "v1", engine="stable-diffusion-xl-1024-v1-0", width=640, height=1536)
    assert credits_of(client) == before
    return answer


def weight_of(folder: Path) -> int:
    """Bytes of all weights of a model."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


def test_models_take_turns_in_a_small_memory(start: Start, tiny: Tiny) -> None:
    """Where only one of two models fits, each makes room for the other, and the pictures stay the same."""
    one, other = GOOD, "stable-inpainting-v1-0"
    budget = max(weight_of(tiny("sd1")), weight_of(tiny("inpainting"))) * 11 // 10
    server = start(top=f'[memory]\ncpu = "{budget / 1e6:.6f}MB"\n')

    with patient(server) as client:
        first = picture(text_to_image(client, "v1", engine=one, **SIZE))
        text_to_image(client, "v1", engine=other, **SIZE).raise_for_status()
        listed = understudy("engines", "list", "--engines", "diffusers", "--json", home=server.home)
        again = picture(text_to_image(client, "v1", engine=one, **SIZE))

    assert np.array_equal(first, again)
    assert logged(server, "evicted")
    states = {row["id"]: row["state"] for row in json.loads(listed.stdout)}
    assert (states[one], states[other]) != ("loaded", "loaded")


def test_a_killed_worker_fails_its_request_alone(start: Start) -> None:
    """``kill -9`` in the middle of a picture: 500 and the credits back, and the next request is served."""
    server = start()

    with patient(server) as client:
        expected = picture(text_to_image(client, "v1", engine=GOOD, **SIZE))
        before = credits_of(client)
        answers: list[int] = []
        long = threading.Thread(target=lambda: answers.append(slow(patient(server)).status_code))
        long.start()
        wait_until(lambda: busy(server))
        os.kill(worker_of(server), signal.SIGKILL)
        long.join()

        assert answers == [500]
        wait_until(lambda: credits_of(client) == before)
        assert np.array_equal(picture(text_to_image(client, "v1", engine=GOOD, **SIZE)), expected)


def test_a_client_that_hangs_up_stops_the_work(start: Start) -> None:
    """The device is free for the next request at the next step, and nothing is charged."""
    server = start()

    with patient(server) as client:
        text_to_image(client, "v1", engine=GOOD, **SIZE).raise_for_status()
        before = credits_of(client)
        with pytest.raises(requests.ReadTimeout):
            slow(patient(server), timeout=1)

        assert text_to_image(client, "v1", engine=GOOD, **SIZE, samples=1).status_code == 200
        price = before - credits_of(client)
        wait_until(lambda: not busy(server))
        assert before - credits_of(client) == price
        assert price < 1


def slow(client: Client, timeout: float = 600) -> requests.Response:
    """A request that takes a minute or more."""
    return client.post(
        f"/v1/generation/{GOOD}/text-to-image",
        json={"text_prompts": [{"text": "a fox"}], "steps": 150, "samples": 10, "width": 1024, "height": 1024},
        timeout=timeout,
    )


def busy(server: Server) -> bool:
    """Whether the status file says that a generation runs."""
    try:
        status = json.loads((server.home / "engines-status.json").read_text())
    except FileNotFoundError:
        return False
    return any(device["running"] for device in status["devices"])
