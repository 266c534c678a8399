"""Every command in the documents is run, or says why not."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, Block, blocks
from tests.running import KEY, PATIENCE, ROOT, Server, understudy

CHECKOUT = "CONTRIBUTING.md"
"""The document whose commands are meant for a checkout."""
SHELL = {"sh", "console"}
OTHER = {"", "text", "python", "ts", "go", "csharp", "ruby", "rust", "properties", "yaml", "toml"}
# What examples/README.md shows is run by examples/run.py, which needs Go and Node.js.
ALL = [block for page in PAGES if not page.startswith("examples/") for block in blocks(page)]
COMMANDS = [block for block in ALL if block.language in SHELL and block.excuse is None]
EXCUSED = [block for block in ALL if block.excuse is not None]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server of its own, and a folder in which a reader tries one block after the other."""
    folder = tmp_path_factory.mktemp("reader")
    with Server(folder / "home") as server:
        yield server, folder


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_a_reader_can_copy_every_block(block: Block, reader: tuple[Server, Path]) -> None:
    """Copied into a shell, a block ends well, and prints what the document shows."""
    server, folder = reader
    script, shown = _script(block)

    result = _run(script, server, ROOT if block.page == CHECKOUT else folder)

    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    if shown is not None:
        assert _matches(shown, result.stdout), result.stdout


def test_a_picture_is_left_behind(reader: tuple[Server, Path]) -> None:
    """The README's first requests leave pictures of 512x512."""
    server, folder = reader
    drawing = [block for block in COMMANDS if block.page == "README.md" and ".png" in block.text]

    for block in drawing:
        _run(_script(block)[0], server, folder)

    for name in ("lighthouse.png", "winter.png"):
        header = (folder / name).read_bytes()[:24]
        assert header[1:4] == b"PNG"
        assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (512, 512)


@pytest.mark.parametrize("block", ALL, ids=str)
def test_every_block_is_run_or_excused(block: Block) -> None:
    """Blocks of commands are of a language that is run here; whatever is excused gives a reason in words."""
    assert block.language in SHELL | OTHER
    if block.excuse is not None:
        assert block.language in SHELL
        assert len(block.excuse.split()) >= 3


def test_the_excuses_are_few() -> None:
    """Most commands are run: the list of those that are not is short, and reviewed here."""
    assert sorted(block.text.strip().splitlines()[0] for block in EXCUSED) == [
        "docker compose up",
        "docker run --rm --publish 127.0.0.1:8080:8080 understudy:latest understudy serve --test",
        "export UNDERSTUDY_UPSTREAM_KEY=sk-…          # yours; without it, what STABILITY_API_KEY holds",
        "make gpu                                          # installs torch and diffusers too, and serves",
        "make serve",
        "make test",
        "pip install '.[gpu]'",
        "pip install .",
    ]


def test_the_greeting_is_the_one_that_is_shown(reader: tuple[Server, Path]) -> None:
    """What the README says that the server prints is what it prints."""
    server, _ = reader
    shown = next(block.text for block in blocks("README.md") if "Understudy listens on" in block.text)

    expected = shown.replace("http://127.0.0.1:8080", server.url).replace("sk-...", server.key)

    assert server.output().startswith(expected)


@pytest.mark.parametrize("command", ["serve", "intercept", "accounts", "keys", "credits", "engines"])
def test_no_documented_command_is_unknown(command: str, tmp_path: Path) -> None:
    """Each command that the documents mention has a help text, and each subcommand of it exists."""
    help_text = understudy(command, "--help", home=tmp_path).stdout
    mentioned = {
        found for page in PAGES for found in re.findall(rf"understudy {command} ([a-z]+)", (ROOT / page).read_text())
    }

    assert {name for name in mentioned if not re.search(rf"^  {name}\b", help_text, re.MULTILINE)} == set()


def _script(block: Block) -> tuple[str, str | None]:
    """The commands of a block, and the output it shows."""
    if block.language == "sh":
        return block.text, None
    lines = block.text.splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    return "\n".join(commands), "\n".join(line for line in lines if not line.startswith("$ "))


def _run(script: str, server: Server, folder: Path) -> subprocess.CompletedProcess[str]:
    for shown, real in (("http://127.0.0.1:8080", server.url), ("8090", str(_free_port())), ("sk-...", KEY)):
        script = script.replace(shown, real)
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "UNDERSTUDY_HOME": str(server.home),
            "STABILITY_API_KEY": KEY,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )


def _matches(shown: str, printed: str) -> bool:
    """Whether the output is as shown, where ``…`` stands for anything, new lines included."""
    pattern = ".*".join(re.escape(part.strip()) for part in shown.split("…"))
    pattern = re.sub(r"(\\ )+|(\\\n)+", r"\\s+", pattern)
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
