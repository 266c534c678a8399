"""`understudy engines` for engines that need weights."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.catalog import CARDS
from engines.worker.messages import Holding
from engines.worker.status import DeviceState, Status, write
from tests.cli.conftest import Read, Run
from tests.engines.models import CLIP, HALF, MODEL, lay

Own = Callable[[str], str]
REAL = ("engines", "list", "--engines", "diffusers")


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """An owner's file beside two model folders, one of them incomplete; gives its path."""
    lay(tmp_path / "whole", {**MODEL, **HALF})
    lay(tmp_path / "half", HALF)
    lay(tmp_path / "clip", CLIP)

    def written(text: str) -> str:
        path = tmp_path / "engines.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


TWO = """only = true
[engines.stable-diffusion-v1-5]
path = "whole"
[engines.mine]
like = "stable-diffusion-v1-5"
name = "Mine"
path = "half"
"""


def test_what_ships_is_not_downloaded(run: Run, tmp_path: Path) -> None:
    """On an empty disk every engine is there to be pulled, and nothing is asked of the network."""
    result = run(*REAL, "--weights", str(tmp_path))

    lines = result.stdout.splitlines()
    assert re.fullmatch(r"Engine +Tasks +Source +State +Device +Memory +Disk +Credits", lines[0])
    assert [line.split()[0] for line in lines[2:24]] == [card.id for card in CARDS]
    assert re.search(r"text, image, mask +stabilityai/stable-diffusion-xl-base-1.0 +not downloaded", lines[3])
    assert re.search(r"upscale +RealESRGAN_x2plus.pth \(github.com\) +not downloaded +auto +0.20$", lines[2])
    assert lines[-1] == "What is not downloaded is not offered; `understudy engines pull ID` downloads it."


def test_what_is_on_the_disk(run: Run, own: Own) -> None:
    """The owner's engines, how large they are, and what one of them lacks."""
    result = run(*REAL, "--engines-file", own(TWO))

    lines = result.stdout.splitlines()
    assert re.search(r"^stable-diffusion-v1-5 .*/whole +on disk +auto +1.1 kB +0.333421$", lines[2])
    assert re.search(r"^mine .*/half +unusable +auto +0.333421$", lines[3])
    assert re.search(r"^! .*/half has no model_index.json: it is no model in diffusers' layout$", lines[4])
    assert "pull" not in result.stdout


def test_what_is_loaded(run: Run, own: Own, served_home: tuple[Path, object]) -> None:
    """A running server says what it holds on which device, and how long its queue is."""
    status = served_home[0] / "engines-status.json"
    device = DeviceState(
        device="cuda:0",
        name="Some GPU",
        budget=8 * 10**9,
        memory=2 * 10**9,
        engines=(Holding("stable-diffusion-v1-5", 2 * 10**9),),
        waiting=3,
        running="stable-diffusion-v1-5",
        step=7,
        steps=50,
    )
    write(status, Status(os.getpid(), 0.0, (device,)))

    try:
        lines = run(*REAL, "--engines-file", own(TWO)).stdout.splitlines()
    finally:
        status.unlink()

    assert re.search(r"/whole +loaded +cuda:0 +2.0 GB +1.1 kB +0.333421$", lines[2])
    assert " loaded " not in lines[3]
    assert lines[-1] == (
        "cuda:0 (Some GPU): 2.0 GB of 8.0 GB of weights, stable-diffusion-v1-5 at step 7 of 50, 3 waiting"
    )


def test_a_device_that_is_not_there(run: Run, own: Own, served_home: tuple[Path, object]) -> None:
    """A worker that has not come up is not called idle."""
    status = served_home[0] / "engines-status.json"
    write(status, Status(os.getpid(), 0.0, (DeviceState(device="cuda:1", waiting=2),)))

    try:
        lines = run(*REAL, "--engines-file", own(TWO)).stdout.splitlines()
    finally:
        status.unlink()

    assert lines[-1] == "cuda:1: its worker has not started, which the log tells more of, 2 waiting"


def test_the_state_for_scripts(run: Run, own: Own, tmp_path: Path) -> None:
    """All that is known about an engine, with what is missing."""
    result = run(*REAL, "--json", "--engines-file", own(TWO))

    ready, broken = json.loads(result.stdout)
    assert (ready["id"], ready["state"], ready["device"]) == ("stable-diffusion-v1-5", "on disk", "auto")
    assert (ready["source"], ready["memory"], ready["problem"]) == (str(tmp_path / "whole"), None, None)
    assert ready["disk"] > 700
    assert (broken["id"], broken["name"], broken["state"]) == ("mine", "Mine", "unusable")
    assert "has no model_index.json" in broken["problem"]
    assert broken["example"] == ready["example"]


def test_checker_and_clip_are_listed(run: Run, own: Own) -> None:
    """Weights that serve all engines have lines of their own."""
    text = f'{TWO}[safety]\npath = "none"\n[guidance]\npath = "clip"\n'

    lines = run(*REAL, "--engines-file", own(text)).stdout.splitlines()

    assert any(
        re.fullmatch(r"safety: .*/none does not exist; every request fails until it is there", line) for line in lines
    )
    assert any(re.fullmatch(r"guidance: .*/clip, on disk", line) for line in lines)


def test_the_sketch_engine_needs_no_weights(read: Read, run: Run) -> None:
    """Without --engines the list says nothing of weights."""
    assert "state" not in read("engines", "list")[0]
    assert "not downloaded" not in run("engines", "list").stdout


def test_an_owners_file_that_is_wrong(run: Run, own: Own) -> None:
    """One line on stderr, with the place and what would be right."""
    result = run(*REAL, "--engines-file", own('[engines.stable-diffusion-v1]\nsampler = "Euler"\n'))

    assert result.exit_code == 1
    assert "[engines.stable-diffusion-v1] sampler = 'Euler': use one of DDIM," in result.stderr


def test_default_steps_of_ones_own_engine(run: Run, own: Own) -> None:
    """An engine that only the owner's file knows takes settings like the others."""
    env = {"UNDERSTUDY_ENGINES_FILE": own(TWO), "UNDERSTUDY_DEFAULT_STEPS": "mine=20"}

    engines = json.loads(run(*REAL, "--json", **env).stdout)

    assert [engine["steps"]["default"] for engine in engines] == [50, 20]


def test_the_shipped_file(run: Run) -> None:
    """It is printed whole, to start one's own from."""
    printed = run("engines", "config").stdout

    assert list(tomllib.loads(printed)["engines"]) == [card.id for card in CARDS]
    assert printed.startswith("# Which weights serve which engine")


def test_a_folder_needs_no_pull(run: Run, own: Own) -> None:
    """What the owner put there is looked at, once for all who share it, however often they are named."""
    shared = f'{TWO}[engines.twin]\nlike = "stable-diffusion-v1-5"\n'

    named = ("stable-diffusion-v1-5", "twin", "stable-diffusion-v1-5")
    result = run("engines", "pull", *named, "--engines-file", own(shared))

    assert result.exit_code == 0
    assert re.fullmatch(r"stable-diffusion-v1-5, twin: .*/whole\n  on the disk\n", result.stdout)


def test_one_that_fails_does_not_stop_the_others(run: Run, own: Own) -> None:
    """The exit code tells scripts; every engine is tried."""
    result = run("engines", "pull", "--all", "--engines-file", own(TWO))

    assert result.exit_code == 1
    assert "  on the disk\n" in result.stdout
    assert re.search(r"Error: .*/half has no model_index.json", result.stderr)
    assert result.stderr.endswith("1 of 2 failed\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sd-xyz",), "there is no engine sd-xyz; there are esrgan-v1-x2plus, "),
        (("safety",), "no [safety] is configured; `understudy engines config` shows what to add"),
        ((), "name engines, or say --all"),
        (("--all", "stable-diffusion-v1"), "name engines, or say --all"),
    ],
)
def test_what_cannot_be_pulled(run: Run, words: tuple[str, ...], said: str) -> None:
    """A mistake in the command is told before anything is downloaded."""
    result = run("engines", "pull", *words)

    assert result.exit_code == 2
    assert said in result.stderr
