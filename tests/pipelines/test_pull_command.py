"""`understudy engines pull` as people run it, against a hub on this machine."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.models import CLIP, MODEL
from tests.hub import Hub
from tests.running import ROOT

FILE = """only = true
[engines.stable-diffusion-v1-5]
hub = "ada/model"
[engines.stable-diffusion-v1-6]
hub = "ada/model"
[engines.stable-diffusion-v1]
hub = "ada/none"
[safety]
hub = "ada/clip"
"""


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with a model and a checker."""
    with Hub({"ada/model": MODEL, "ada/clip": CLIP}) as running:
        yield running


def understudy(hub: Hub, home: Path, *words: str, stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run a command with its home, file and weights in one folder."""
    (home / "engines.toml").write_text(FILE)
    env = {**os.environ, "HF_ENDPOINT": hub.url, "UNDERSTUDY_HOME": str(home), "UNDERSTUDY_WEIGHTS": str(home / "hub")}
    command = [sys.executable, "-m", "understudy", *words]
    return subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False)


def test_pulled_once_for_all_who_share(hub: Hub, tmp_path: Path) -> None:
    """Two engines and the checker: two downloads, and the list sees them."""
    pulled = understudy(hub, tmp_path, "engines", "pull", "stable-diffusion-v1-5", "stable-diffusion-v1-6", "safety")

    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stdout.splitlines() == [
        "stable-diffusion-v1-5, stable-diffusion-v1-6: ada/model",
        "  ada/model: 10 files, 1.1 kB, of which 792 B are to be downloaded",
        "  on the disk",
        "safety: ada/clip",
        "  ada/clip: 3 files, 136 B, of which 136 B are to be downloaded",
        "  on the disk",
    ]
    assert [asked.name for asked in hub.asked].count("unet/config.json") == 1
    listed = understudy(hub, tmp_path, "engines", "list", "--engines", "diffusers").stdout
    assert listed.count("on disk") == 3


def test_a_terminal_shows_how_far_it_is(hub: Hub, tmp_path: Path) -> None:
    """A large file has a bar of its own with its name and its size."""
    unet = "unet/diffusion_pytorch_model.safetensors"
    hub.repositories = {"ada/model": {**MODEL, unet: bytes(12_000_000)}}
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    shown: list[bytes] = []
    with os.fdopen(ours, "rb", buffering=0) as screen:
        watching = threading.Thread(target=lambda: shown.extend(_shown(screen)))
        watching.start()
        pulled = understudy(hub, tmp_path, "engines", "pull", "stable-diffusion-v1-5", stderr=theirs)
        os.close(theirs)
        watching.join()

    assert pulled.returncode == 0
    bars = b"".join(shown).decode()
    assert re.search(r"diffusion_pytorch_model\.safetensors: +100%.*12\.0M/12\.0M", bars), bars


def _shown(screen: io.RawIOBase) -> Iterator[bytes]:
    """What arrives at a terminal until nobody writes to it any more, which Linux tells by an error."""
    with contextlib.suppress(OSError):
        while piece := screen.read(1024):
            yield piece


def test_one_is_not_there(hub: Hub, tmp_path: Path) -> None:
    """The others come all the same; the exit code says that something is missing."""
    pulled = understudy(hub, tmp_path, "engines", "pull", "--all")

    assert pulled.returncode == 1
    assert pulled.stdout.count("  on the disk") == 2
    assert "  Error: the Hub has no repository ada/none, or a private one" in pulled.stderr
    assert pulled.stderr.endswith("1 of 3 failed\n")
