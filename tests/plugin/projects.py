"""A project of somebody else's in a folder of its own, and what pytest says when it is run there."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.running import PATIENCE

APP = '''
"""The project's own package, which has the name that Understudy's has inside."""

import json
import os
import urllib.error
import urllib.request

ENGINE = "stable-diffusion-v1-6"


def ask(path, body=None, accept="application/json"):
    """Status, headers and body of what the service answers."""
    request = urllib.request.Request(
        os.environ["API_HOST"] + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": "Bearer " + os.environ["STABILITY_API_KEY"],
            "Accept": accept,
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.status, refusal.headers, refusal.read()


def draw(prompt, engine=ENGINE, **more):
    """A picture as PNG, for 0.9 credits."""
    path = "/v1/generation/" + engine + "/text-to-image"
    return ask(path, {"text_prompts": [{"text": prompt}], "steps": 10, **more}, "image/png")


def balance():
    """The credits, as the API tells them."""
    return json.loads(ask("/v1/user/balance")[2])["credits"]
'''

CONFTEST = """
import pytest

@pytest.fixture(autouse=True)
def turned(request, monkeypatch):
    if "understudy" in request.fixturenames:
        for name, value in request.getfixturevalue("understudy").env.items():
            monkeypatch.setenv(name, value)
"""

SUMMARY = re.compile(r"(\d+) (passed|failed|error|skipped|warning)")


@dataclass(frozen=True)
class Result:
    """How a run of pytest ended."""

    status: int
    output: str

    @property
    def counts(self) -> dict[str, int]:
        """How many tests passed, failed, or could not begin."""
        last = self.output.strip().splitlines()[-1]
        return {what: int(number) for number, what in SUMMARY.findall(last)}


class Project:
    """``folder`` with a package, a conftest, and the tests that are written into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.write("app/__init__.py", APP)
        self.write("conftest.py", CONFTEST)
        self.write("pytest.ini", "[pytest]\npythonpath = .\n")

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def command(self, *options: str) -> list[str]:
        """What runs the tests as the script `pytest` does; our environment's other plugins are not the project's."""
        plugins = ["-p", "understudy.pytest_plugin", "-p", "xdist"]
        return [sys.executable, "-P", "-m", "pytest", *plugins, "-p", "no:cacheprovider", *options]

    def environment(self, **more: str) -> dict[str, str]:
        """The variables it is run with."""
        ours = ("UNDERSTUDY_", "PYTEST_", "STABILITY_", "API_HOST", "REDIS_URL")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**clean, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(self.temporary()), **more}

    def temporary(self) -> Path:
        """Where its processes keep what is thrown away."""
        folder = self.folder.parent / "temporary"
        folder.mkdir(exist_ok=True)
        return folder

    def run(self, *options: str, **env: str) -> Result:
        """Run the tests to their end."""
        done = subprocess.run(
            self.command(*options),
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
            check=False,
        )
        return Result(done.returncode, done.stdout + done.stderr)

    def homes(self) -> list[str]:
        """The folders of servers, each of which has one as long as it runs."""
        return sorted(path.name for path in self.temporary().glob("understudy-*"))

    def notes(self, name: str) -> list[str]:
        """What the tests of the project have written into files of this name."""
        return [path.read_text() for path in sorted(self.folder.glob(f"{name}-*"))]


def is_gone(url: str) -> bool:
    """Whether nobody listens at this address any more."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0
