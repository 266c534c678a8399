"""Who is measured: how each is started, where its paths begin, and what it can be held to."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PRISM = Path(__file__).with_name("node_modules")
FLASK = Path(sys.prefix) / "flask"
"""Flask lies aside: where it can be imported, Connexion imports it, Understudy's Connexion too."""
NAMES = ("understudy", "before", "asyncapp", "flaskapp", "starlette", "prism")
TITLES = {
    "understudy": "Understudy",
    "before": "Understudy before",
    "asyncapp": "Connexion AsyncApp",
    "flaskapp": "Connexion FlaskApp",
    "starlette": "Starlette by hand",
    "prism": "Prism",
}


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server to be measured. ``command`` has ``{port}`` and ``{home}`` where these belong.

    ``mocks`` says that it answers with examples: it draws nothing, charges nothing and knows no keys. ``cannot`` are
    the works that it has no right answer to.
    """

    name: str
    processes: int
    command: tuple[str, ...]
    base: str = "/v1"
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)
    mocks: bool = False
    cannot: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name in tables."""
        return TITLES[self.name]

    @property
    def id(self) -> str:
        """Its name and the number of its processes."""
        return f"{self.name}-{self.processes}"

    def start(self, port: int, home: Path) -> list[str]:
        """The command for this port and this folder."""
        return [part.replace("{port}", str(port)).replace("{home}", str(home)) for part in self.command]


def contestants(names: tuple[str, ...], processes: tuple[int, ...], before: Path | None) -> list[Contestant]:
    """Those that were asked for; what needs a program or a folder that is not there is left out."""
    found = []
    for count in processes:
        for name in names:
            if name == "prism":
                found += [prism()] if count == 1 and prism_is_here() else []
            elif name == "before":
                found += [_understudy("before", count, before)] if before else []
            elif name == "understudy":
                found.append(_understudy(name, count, ROOT))
            elif name != "flaskapp" or FLASK.is_dir():
                found.append(_peer(name, count))
    return found


def prism_is_here() -> bool:
    """Whether Node.js and Prism are installed."""
    return shutil.which("node") is not None and (PRISM / ".bin" / "prism").exists()


def clean(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without what would tell a server of ours how to run, or its Python, which is to keep bytecode."""
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT", "PYTHON")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


def mended(spec: Path, into: Path) -> Path:
    """The contract as Prism can read it.

    Prism writes ``nullable`` as a second type and then no longer knows the ``null`` among the values of an enum; it
    says nothing and leaves the whole body unchecked. Without that one value it checks bodies.
    """
    document = yaml.safe_load(spec.read_bytes())
    document["components"]["schemas"]["StylePreset"]["enum"].remove(None)
    path = into / "v1-for-prism.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def prism() -> Contestant:
    """Prism; its paths begin without the base path, and it cannot read brackets in forms."""
    command = ("node", str(PRISM / ".bin" / "prism"), "mock", "--host", "127.0.0.1", "--port", "{port}")
    options = ("--verboseLevel", "silent", "{home}/v1-for-prism.json")
    return Contestant("prism", 1, command + options, base="", mocks=True, cannot=("form", "drawn"))


def _understudy(name: str, processes: int, folder: Path) -> Contestant:
    options = ("--port", "{port}", "--home", "{home}", "--workers", str(processes), "--log-level", "error")
    command = (sys.executable, "-m", "understudy", "serve", *options, "--end-with-parent")
    return Contestant(name, processes, command, folder=folder)


def _peer(name: str, processes: int) -> Contestant:
    command = (sys.executable, "-m", "benchmarks.peers.serve", name)
    options = ("--port", "{port}", "--home", "{home}", "--workers", str(processes))
    environment = {"PYTHONPATH": str(FLASK)} if name == "flaskapp" else {}
    return Contestant(name, processes, command + options, environment=environment)
