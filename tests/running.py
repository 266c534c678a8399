"""A real Understudy in a process of its own, and a client that checks every answer against its contract."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("v1", "v1beta", "v1alpha")
"""The contracts of the Stability API."""
SERVICES = tuple(
    sorted(path.stem for path in (ROOT / "spec").glob("*.yaml") if path.stem not in {*VERSIONS, "control"})
)
"""The contracts of the other services, one each: every further document."""
KEY = "sk-" + "T3stKey0" * 6
PATIENCE = 30.0


class Server:
    """``understudy serve`` on a free port; ``env`` adds settings, ``home`` keeps data between runs."""

    def __init__(self, home: Path, *options: str, **env: str) -> None:
        self.home = home
        self.key = env.get("UNDERSTUDY_API_KEY", KEY)
        self._options = options
        self._env = {**_clean_environment(), "UNDERSTUDY_HOME": str(home), "UNDERSTUDY_API_KEY": self.key, **env}
        self._output = home.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> Server:
        """Start it and wait until it is ready."""
        self._wait(self.spawn())
        return self

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it and wait for nothing."""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "understudy", "serve", "--port", "0", *self._options],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def output(self) -> str:
        """Everything it has printed and logged so far."""
        return self._output.read_text()

    def kill(self) -> None:
        """``kill -9``: no farewell."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C, and the exit status."""
        if self.process is None:
            raise RuntimeError("not started")
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(r"listens on (http://\S+)", self.output())
            if found:
                self.url = found[1]
                with contextlib.suppress(requests.ConnectionError):
                    if requests.get(f"{self.url}/readyz", timeout=PATIENCE).ok:
                        return
            if process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"the server did not start:\n{self.output()}")


def _clean_environment() -> dict[str, str]:
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


class Client(requests.Session):
    """Sends requests below one server and holds every answer against the contract of its path."""

    def __init__(self, url: str, key: str | None = KEY, patience: float = PATIENCE) -> None:
        super().__init__()
        self.url = url
        self.patience = patience
        self.trust_env = False
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Send to a path; an answer that its contract does not describe is a failure."""
        kwargs.setdefault("timeout", self.patience)
        response = super().request(method, self.url + str(url), *args, **kwargs)
        hold_against_contract(response)
        return response

    def balance(self, version: str = "v1") -> float:
        """The balance in credits."""
        return float(self.get(f"/{version}/user/balance").json()["credits"])


def hold_against_contract(response: requests.Response) -> None:
    """Fail unless the contract of the request's path and method describes this answer."""
    path = "/" + response.request.url.split("/", 3)[3].partition("?")[0]  # type: ignore[union-attr]
    found = _described(path, str(response.request.method).lower())
    if found is None:
        return
    name, operation = found
    if response.status_code in {404, 405, 431} and str(response.status_code) not in operation["responses"]:
        return
    contract(name).validate_response(RequestsOpenAPIRequest(response.request), RequestsOpenAPIResponse(response))


_CONTRACTS: dict[str, OpenAPI] = {}


def document(version: str) -> dict[str, Any]:
    """A contract as it lies in ``spec/``."""
    with (ROOT / "spec" / f"{version}.yaml").open() as file:
        loaded: dict[str, Any] = yaml.load(file, Loader=yaml.CSafeLoader)
    return loaded


def contract(version: str) -> OpenAPI:
    """A contract as openapi-core reads it, its server matching any host."""
    if version not in _CONTRACTS:
        _CONTRACTS[version] = OpenAPI.from_dict(document(version))
    return _CONTRACTS[version]


def _described(path: str, method: str) -> tuple[str, dict[str, Any]] | None:
    """The contract that has this path and method, and the operation in it."""
    for name in (*VERSIONS, *SERVICES):
        for template, operations in document_paths(name).items():
            pattern = re.sub(r"\{[^}]*\}", "[^/]+", base_of(name) + template)
            if method in operations and re.fullmatch(pattern, path):
                return name, operations[method]
    return None


_DOCUMENTS: dict[str, dict[str, Any]] = {}


def document_paths(version: str) -> dict[str, Any]:
    """The paths of a contract."""
    paths: dict[str, Any] = _kept(version)["paths"]
    return paths


def base_of(version: str) -> str:
    """Where the paths of a contract begin."""
    base: str = _kept(version)["servers"][0]["url"]
    return base


def _kept(version: str) -> dict[str, Any]:
    if version not in _DOCUMENTS:
        _DOCUMENTS[version] = document(version)
    return _DOCUMENTS[version]


def understudy(*arguments: str, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line."""
    return subprocess.run(
        [sys.executable, "-m", "understudy", *arguments],
        cwd=ROOT,
        env={**_clean_environment(), "UNDERSTUDY_HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def rows(text: str) -> Iterator[dict[str, Any]]:
    """The structured log lines in a server's output."""
    for line in text.splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found
