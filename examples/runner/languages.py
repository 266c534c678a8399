"""How the scripts of each language are made ready and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .promises import VERSIONS, Case, Failed, tail

EXAMPLES = Path(__file__).resolve().parent.parent
PREPARE_SECONDS = 600


@dataclass(frozen=True)
class Language:
    """How the scripts of one language are found, made ready and run; ``build`` is a folder for what is compiled."""

    script: str
    tools: tuple[str, ...]
    install: str
    prepare: Callable[[Path], None]
    command: Callable[[Case, Path], list[str]]


def script(case: Case) -> Path:
    """The source file of an example."""
    return EXAMPLES / case.language / case.version / LANGUAGES[case.language].script.format(case.operation)


def run_tool(command: list[str], folder: Path) -> None:
    """Run an installer, a compiler or a checker. Raises ``Failed`` with the end of what it said."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PREPARE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Failed(str(problem)) from problem
    if done.returncode:
        raise Failed(f"{' '.join(command)} exited with {done.returncode}: {tail(done.stdout + done.stderr)}")


def prepare_curl(_build: Path) -> None:
    """Shell scripts run as they are."""


def prepare_python(_build: Path) -> None:
    """Look for the one package that the scripts import."""
    if find_spec("requests") is None:
        raise Failed(f"requests not found: {sys.executable} -m pip install requests")


def prepare_typescript(_build: Path) -> None:
    """Install the packages of the lock file where none are installed, and check the types."""
    folder = EXAMPLES / "typescript"
    # npm writes this file last, so an installation that was cut short is done again.
    if not (folder / "node_modules/.package-lock.json").is_file():
        run_tool(["npm", "ci", "--no-fund", "--no-audit"], folder)
    run_tool(["npm", "run", "--silent", "check"], folder)


def prepare_go(build: Path) -> None:
    """Vet the programs and compile them all, a folder for each version."""
    folder = EXAMPLES / "go"
    run_tool(["go", "vet", "./..."], folder)
    for version in VERSIONS:
        (build / version).mkdir(parents=True)
        # Stamping the commit into a program fails in a checkout that belongs to somebody else.
        run_tool(["go", "build", "-buildvcs=false", "-o", f"{build / version}{os.sep}", f"./{version}/..."], folder)


LANGUAGES = {
    "python": Language(
        script="{}.py",
        tools=(),
        install="",
        prepare=prepare_python,
        command=lambda case, _build: [sys.executable, str(script(case))],
    ),
    "curl": Language(
        script="{}.sh",
        tools=("sh", "curl", "base64", "sed"),
        install="apt-get install curl",
        prepare=prepare_curl,
        command=lambda case, _build: ["sh", str(script(case))],
    ),
    "go": Language(
        script="{}/main.go",
        tools=("go",),
        install="apt-get install golang-go, or see https://go.dev/doc/install",
        prepare=prepare_go,
        command=lambda case, build: [str(build / case.version / case.operation)],
    ),
    "typescript": Language(
        script="{}.ts",
        tools=("node", "npm"),
        install="install Node.js 20 or newer with npm, see https://nodejs.org",
        prepare=prepare_typescript,
        command=lambda case, _build: [str(EXAMPLES / "typescript/node_modules/.bin/tsx"), str(script(case))],
    ),
}


def make_ready(name: str, build: Path) -> None:
    """Check a language's tools and prepare its scripts. Raises ``Failed`` with what to do."""
    language = LANGUAGES[name]
    missing = [tool for tool in language.tools if shutil.which(tool) is None]
    if missing:
        raise Failed(f"{', '.join(missing)} not found: {language.install}")
    language.prepare(build)
