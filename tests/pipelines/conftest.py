"""Fixtures of the real engines; without torch the whole folder is not run, and nobody can overlook that.

Nothing here imports torch before a test asks for it, so that the file loads on any machine.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipelines.serving import patient, write_engines
from tests.running import Client, Server

NEEDED = ("torch", "diffusers", "transformers")
MISSING = tuple(name for name in NEEDED if importlib.util.find_spec(name) is None)
FILES = len([*Path(__file__).parent.glob("test_*.py")])
NOT_RUN = (
    f"NOT RUN: {FILES} test files of the real engines, because {' and '.join(MISSING)} "
    f"{'is' if len(MISSING) == 1 else 'are'} not installed (pip install '.[gpu]')"
)


def pytest_ignore_collect() -> bool | None:
    """Leave out this folder, and only this one, where a library is missing."""
    return True if MISSING else None


def pytest_collection_modifyitems() -> None:
    """A machine that decides what is merged must be able to run everything."""
    if MISSING and os.environ.get("CI"):
        raise pytest.UsageError(NOT_RUN)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Forgive diffusers' schedulers one thing: they hand torch's tensors to numpy in a way that numpy 2 frowns on."""
    for frown in ("__array__ implementation doesn't accept a copy keyword", "__array_wrap__ must accept context"):
        for where in ("diffusers.schedulers", "numpy._core.fromnumeric"):
            item.add_marker(pytest.mark.filterwarnings(f"ignore:{frown}:DeprecationWarning:{where}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in red that this folder was not run."""
    if MISSING:
        terminalreporter.write_sep("!", NOT_RUN, red=True, bold=True)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Sums in a fixed order, and no fight for the processor."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.disable_progress_bar()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the folder of a tiny model by its kind; it is built once. Nobody may write into it.

    Two kinds are files: esrgan, and sd1-file, the weights of sd1 in one file.
    """
    from tests.tiny.models import build, build_esrgan, build_single_file

    home = tmp_path_factory.mktemp("tiny")
    in_files = {"esrgan": build_esrgan, "sd1-file": build_single_file}

    def place(kind: str) -> Path:
        there = home / (f"{kind}.safetensors" if kind in in_files else kind)
        if there.exists():
            return there
        return in_files[kind](there) if kind in in_files else build(kind, there)

    return place


@pytest.fixture(scope="session")
def real_server(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose engines are tiny models, shared by all tests that break nothing."""
    home = tmp_path_factory.mktemp("real") / "home"
    file = write_engines(home.with_name("engines.toml"), tiny)
    env = {"UNDERSTUDY_CREDITS": "1000000", "UNDERSTUDY_OUTPUT_WORDS": "off", "UNDERSTUDY_THREADS": "1"}
    with Server(home, "--engines", "diffusers", "--engines-file", str(file), **env) as running:
        yield running


@pytest.fixture
def real(real_server: Server) -> Iterator[Client]:
    """A client of that server."""
    with patient(real_server) as session:
        yield session
