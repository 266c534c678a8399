"""The file that says what the running server has loaded, as another process reads it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engines.worker import status
from engines.worker.messages import Holding
from engines.worker.status import DeviceState, Status, StatusFile
from tests.store.servers import wait_until

DEVICE = DeviceState("cuda:0", "A card", 8000, 700, (Holding("stable-diffusion-v1-6", 700),), 3, "esrgan-v1-x2plus")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file lies: in a home folder that does not exist yet."""
    return tmp_path / "home" / "engines-status.json"


def test_a_reader_gets_what_was_written(path: Path) -> None:
    """Every fact about a device survives the way through the file."""
    told = Status(os.getpid(), 12.5, (DEVICE, DeviceState("cpu")))
    status.write(path, told)
    assert status.read(path) == told


def test_the_file_is_plain_for_other_readers(path: Path) -> None:
    """Scripts find devices, engines with their memory, the queue and what runs by name."""
    status.write(path, Status(os.getpid(), 12.5, (DEVICE,)))
    (device,) = json.loads(path.read_text())["devices"]
    assert device["engines"] == [{"engine_id": "stable-diffusion-v1-6", "memory": 700}]
    assert (device["budget"], device["waiting"], device["running"]) == (8000, 3, "esrgan-v1-x2plus")


def test_nothing_half_written_is_left_over(path: Path) -> None:
    """The file is replaced, and beside it nothing stays."""
    for at in range(3):
        status.write(path, Status(os.getpid(), at, (DEVICE,)))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"pid": "x", "at": 0, "devices": []}', '{"pid": 1, "at": 0, "devices": [7]}']
)
def test_a_broken_file_says_nothing(path: Path, text: str) -> None:
    """Whatever lies there instead of the file is treated as if nothing did."""
    path.parent.mkdir()
    path.write_text(text)
    assert status.read(path) is None


def test_a_missing_file_says_nothing(path: Path) -> None:
    """Where no server has ever run, nothing is loaded."""
    assert status.read(path) is None


@pytest.mark.parametrize("pid", [0, -1, 2**70])
def test_a_process_that_cannot_be_is_not_alive(path: Path, pid: int) -> None:
    """A number that is no process's does not count as a running server."""
    status.write(path, Status(pid, 0.0, ()))
    assert status.read(path) is None


def test_a_file_of_a_server_that_is_gone_says_nothing(path: Path) -> None:
    """What a killed server left behind is not believed."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    status.write(path, Status(gone.pid, 0.0, (DEVICE,)))
    assert status.read(path) is None


def test_the_file_follows_changes_and_goes_with_the_server(path: Path) -> None:
    """After every change the file says how things are now; after the end there is none."""
    devices = [DEVICE]
    file = StatusFile(path, lambda: tuple(devices))
    file.changed()
    wait_until(lambda: status.read(path) is not None)
    devices.append(DeviceState("cpu"))
    file.changed()
    wait_until(lambda: len(json.loads(path.read_text())["devices"]) == 2)
    file.close()
    assert not path.exists()


def test_a_home_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so, and the server goes on without the file."""
    (tmp_path / "home").write_text("a file where a folder should be")
    file = StatusFile(tmp_path / "home" / "engines-status.json", lambda: (DEVICE,))
    with caplog.at_level(logging.WARNING, "understudy.engines"):
        file.changed()
        wait_until(lambda: "cannot be written" in caplog.text)
    (tmp_path / "home").unlink()
    file.close()
