"""The real worker with tiny models: pictures, cancels, crashes and failures, without a server around it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.catalog import CARDS
from engines.errors import EngineFailed
from engines.types import EngineCard, GenerationRequest, Prompt, Task
from engines.weights.disk import Disk
from engines.weights.setup import EngineSetup, Kind, Source, Workshop
from engines.worker.family import TorchFamily
from engines.worker.process import Means
from engines.worker.starts import Patience
from engines.worker.workers import Workers
from tests.running import PATIENCE, ROOT
from tests.store.servers import alive, wait_until

Tiny = Callable[[str], Path]

DRAWS, HALF, WRONG, ELSEWHERE = (
    next(card for card in CARDS if card.id == name)
    for name in (
        "stable-diffusion-v1-6",
        "stable-diffusion-v1-5",
        "stable-diffusion-v1",
        "stable-diffusion-512-v2-1",
    )
)
LONG = 20 * PATIENCE
"""Seconds; the first import of the libraries on a busy machine takes a good part of a minute."""

REQUEST = GenerationRequest(
    Task.TEXT_TO_IMAGE, DRAWS.id, 64, 64, seed=11, prompts=(Prompt("a fox in the snow"),), steps=10
)
ENDLESS = replace(REQUEST, width=512, height=512, steps=150, samples=10)


def setup(card: EngineCard, folder: Path, device: str = "cpu") -> EngineSetup:
    """An engine on a tiny model, in single precision."""
    return EngineSetup(card.id, Kind.DIFFUSION, Source(path=folder), device, "float32")


class Journal(logging.Handler):
    """Every line of the engines' log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), vars(record)["facts"]))

    def last(self, event: str) -> dict[str, Any]:
        """The facts of the last line about this event of the CPU's worker."""
        return [facts for said, facts in self.lines if said == event and facts.get("device") == "cpu"][-1]


@pytest.fixture(scope="module")
def journal() -> Iterator[Journal]:
    """What the engines log during this module."""
    log, handler = logging.getLogger("understudy.engines"), Journal()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


@pytest.fixture(scope="module")
def family(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory, journal: Journal) -> Iterator[TorchFamily]:
    """Engines that draw, one whose weights are cut off, one of the wrong kind, and one for a device that is not there.

    The safety checker looks at every picture.
    """
    cut = Path(shutil.copytree(tiny("sd1"), tmp_path_factory.mktemp("broken") / "sd1"))
    weights = next((cut / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    engines = (
        setup(DRAWS, tiny("sd1")),
        setup(HALF, cut),
        setup(WRONG, tiny("x4")),
        setup(ELSEWHERE, tiny("sd2"), "cuda:63"),
    )
    workshop = Workshop(engines, safety=Source(path=tiny("safety") / "safety_checker"))
    workers = Workers(
        [setup.device for setup in engines],
        Means(threads=1),
        patience=Patience(pause=0.01, longest_pause=0.01),
    )
    made = TorchFamily(workshop, Disk(None), workers)
    made.warm()
    yield made
    made.close()


def drawn(family: TorchFamily, request: GenerationRequest = REQUEST) -> list[np.ndarray]:
    """The pictures of a request."""
    return [picture.pixels for picture in family.submit(DRAWS, request).result(LONG)]


def test_a_picture_has_its_size_and_is_the_same_again(family: TorchFamily) -> None:
    """The worker draws what is asked for, and the same for the same seed."""
    (first,), (second,) = drawn(family), drawn(family)
    assert first.shape == (64, 64, 3)
    assert np.array_equal(first, second)


def test_eight_threads_get_their_own_pictures(family: TorchFamily) -> None:
    """Whoever asks at the same time as others gets the picture of his own seed."""
    requests = [replace(REQUEST, seed=seed) for seed in range(1, 9)]
    alone = [drawn(family, request)[0] for request in requests]
    with ThreadPoolExecutor(8) as clients:
        together = list(clients.map(lambda request: drawn(family, request)[0], requests))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_what_is_loaded_is_visible(family: TorchFamily) -> None:
    """After the first picture the engine and its size in memory are known."""
    drawn(family)
    state = family.states()[0]
    assert [engine.engine_id for engine in state.engines] == [DRAWS.id]
    assert 0 < state.engines[0].memory < state.memory < state.budget


def test_a_cancelled_job_stops_and_the_worker_goes_on(family: TorchFamily) -> None:
    """A client that hangs up frees the device; the loaded engine stays loaded."""
    drawn(family)
    endless = family.submit(DRAWS, ENDLESS)
    wait_until(lambda: family.states()[0].step > 0, LONG)
    assert endless.cancel()
    assert drawn(family)
    assert [engine.engine_id for engine in family.states()[0].engines] == [DRAWS.id]


def test_cut_off_weights_fail_with_what_mends_them(family: TorchFamily, journal: Journal) -> None:
    """The request fails, the owner of a folder of his own is told where to put others, and other engines go on."""
    with pytest.raises(EngineFailed, match="weights"):
        family.submit(HALF, REQUEST).result(LONG)
    assert str(journal.last("generation failed")["mend"]).startswith("put them at ")
    assert drawn(family)


def test_a_model_of_another_kind_fails_alone(family: TorchFamily) -> None:
    """An upscaler where a drawing model should be is no reason to end the worker."""
    with pytest.raises(EngineFailed, match="weights"):
        family.submit(WRONG, REQUEST).result(LONG)
    assert drawn(family)


def test_a_device_that_is_not_there_is_named(family: TorchFamily) -> None:
    """A setup for hardware that the machine lacks fails its own engines only."""
    with pytest.raises(EngineFailed, match="cuda:63"):
        family.submit(ELSEWHERE, REQUEST).result(LONG)
    assert drawn(family)


def test_a_killed_worker_fails_its_job_alone(family: TorchFamily, journal: Journal) -> None:
    """``kill -9`` in the middle of a picture; the next job loads the engine again and draws the same picture."""
    before = drawn(family)[0]
    lost, waiting = family.submit(DRAWS, ENDLESS), family.submit(DRAWS, REQUEST)
    wait_until(lambda: family.states()[0].step > 0, LONG)
    killed = journal.last("worker starting")["pid"]
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(EngineFailed, match="SIGKILL"):
        lost.result(LONG)
    assert np.array_equal(before, waiting.result(LONG)[0].pixels)
    assert not alive(killed)


def test_the_log_tells_of_loading_and_never_of_prompts(family: TorchFamily, journal: Journal) -> None:
    """An owner sees what is loaded, how large it is and how long it took; what was asked for stays private."""
    drawn(family, replace(REQUEST, prompts=(Prompt("a fox in the snow " * 40),)))
    assert {"engine", "seconds", "megabytes"} <= journal.last("loaded").keys()
    assert {"name", "budget_megabytes", "seconds"} <= journal.last("worker ready").keys()
    assert "snow" not in str(journal.lines)


MEANS = """
import json, torch
from engines.worker import child

class Line:
    def tell(self, message):
        told.append(message.memory)

told = []
child._open("auto", {"threads": 3, "auto": 5000}, Line())
child._open("cpu", {"threads": 0, "auto": 5000, "cpu": 7000}, Line())
print(json.dumps([told, torch.get_num_threads()]))
"""


def test_a_worker_keeps_to_its_means() -> None:
    """The owner names a device's memory as he asked for the device or as it is called, and how many threads it has."""
    done = subprocess.run([sys.executable, "-c", MEANS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [[5000, 7000], 3]
