"""For tests of your own: start a server in test mode, and steer the world behind one API key.

Needs nothing but the standard library, so that it can be used from any test framework:

    from understudy.testing import Understudy, serve

    with serve() as url:
        stability = Understudy(url, "sk-test-me")
        stability.fail_next("server_error")
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 30.0
"""Seconds until a server must be ready."""
BASE = "/_understudy"

Facts = dict[str, Any]
"""A JSON object of the control API."""


class ControlError(Exception):
    """The control API refused a request; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@contextlib.contextmanager
def serve(*options: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run ``understudy serve --test`` on a free port for as long as the block lasts, and give its address.

    ``options`` are further options of the command (``"--strict"``), ``env`` further variables. The server
    ends with this process, even if that is killed. Raises ``RuntimeError`` with its output if it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="understudy-") as home:
        process = _start(Path(home), options, env or {})
        try:
            yield _address(process, Path(home))
        finally:
            process.terminate()
            process.wait(PATIENCE)


class Understudy:
    """One world: what the API key ``key`` sees on the server at ``url``. Opening one sends nothing yet."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self.key = key

    @property
    def env(self) -> dict[str, str]:
        """Variables that published clients read their address and key from."""
        return {
            "API_HOST": self.url,
            "STABILITY_API_HOST": self.url,
            "STABILITY_HOST": self.url,
            "STABILITY_API_KEY": self.key,
            "STABILITY_KEY": self.key,
        }

    @property
    def state(self) -> Facts:
        """Everything the control API says about this world."""
        return self._ask("GET", "/world")

    @property
    def balance(self) -> float:
        """The balance in credits."""
        return float(self.state["balance"])

    @balance.setter
    def balance(self, credits: float) -> None:
        self.change(balance=credits)

    @property
    def journal(self) -> Journal:
        """Every request of this world so far and how it was answered."""
        return Journal(self)

    def change(self, **facts: Any) -> Facts:
        """Set any of balance, role, engines (None: all), strict and rate_limit (None: off); gives the new state."""
        spelled = {"engines": ["*"], "rate_limit": {"requests": 0}}
        return self._ask("PATCH", "/world", {n: spelled.get(n) if v is None else v for n, v in facts.items()})

    def fail_next(
        self,
        outcome: str = "server_error",
        *,
        times: int | None = 1,
        probability: float = 1.0,
        seed: int = 0,
        **match: Any,
    ) -> str:
        """Let the next matching requests end so; gives the rule's id.

        ``outcome`` is a word of the table of outcomes. ``times`` None is for ever. ``match`` may name
        operation, path, version, engine, prompt (a part of it) and call (1 for the first match, 2 for the second).
        """
        effect = {"outcome": outcome}
        return self._rule(
            {"effect": effect, "times": times or 0, "probability": probability, "seed": seed, "match": match}
        )

    def latency(
        self,
        seconds: float | None = None,
        *,
        median: float | None = None,
        sigma: float = 0.5,
        real: bool = False,
        times: int | None = None,
        seed: int = 0,
        **match: Any,
    ) -> str:
        """Let matching requests take longer; gives the rule's id.

        ``seconds`` is a fixed time, ``median`` and ``sigma`` make a lognormal one, ``real`` is about what
        the real service took for the steps and pixels.
        """
        if (seconds is not None) + (median is not None) + real != 1:
            raise TypeError("give seconds, median, or real=True")
        kind: Facts = {"kind": "real"}
        if seconds is not None:
            kind = {"kind": "fixed", "seconds": seconds}
        elif median is not None:
            kind = {"kind": "lognormal", "median": median, "sigma": sigma, "seed": seed}
        return self._rule({"effect": {"latency": kind}, "times": times or 0, "match": match})

    def forget(self, rule: str | None = None) -> None:
        """Remove one rule, or all of them."""
        self._ask("DELETE", "/world/rules" if rule is None else f"/world/rules/{rule}")

    def advance(self, seconds: float) -> None:
        """Let the world's clock jump ahead, past a lock-out for example."""
        self._ask("POST", "/world/clock", {"advance": seconds})

    def snapshot(self, name: str = "default") -> None:
        """Remember the whole state of the world under a name."""
        self._ask("POST", "/world/snapshots", {"name": name})

    def restore(self, name: str = "default") -> None:
        """Go back to a remembered state."""
        self._ask("POST", f"/world/snapshots/{urllib.parse.quote(name, safe='')}/restore")

    def reset(self) -> None:
        """Make the world as if its key had never been seen."""
        self._ask("POST", "/world/reset")

    def _rule(self, rule: Facts) -> str:
        return str(self._ask("POST", "/world/rules", rule)["id"])

    def _ask(self, method: str, path: str, body: Facts | None = None) -> Facts:
        request = urllib.request.Request(  # noqa: S310 -- the address is the caller's own
            f"{self.url}{BASE}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        # Proxies in the environment are for the world outside, not for a server on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise ControlError(refusal.code, _message(refusal.read())) from None
        return dict(json.loads(text)) if text else {}


@dataclass(frozen=True)
class Entry:
    """One request and its answer. ``facts`` has all that the control API tells; the names below are the commonest."""

    facts: Facts

    def __getattr__(self, name: str) -> Any:
        """Any fact by its name: ``method``, ``path``, ``operation``, ``status``, ``outcome``, ``charged`` …."""
        try:
            return self.facts[name]
        except KeyError:
            raise AttributeError(f"a journal entry has no {name}; it has {', '.join(self.facts)}") from None

    def __str__(self) -> str:
        """The entry in one line."""
        facts = self.facts
        return f"#{facts['number']} {facts['method']} {facts['path']} -> {facts['status'] or facts['outcome']}"


class Journal(Sequence[Entry]):
    """The entries of a world, oldest first, read anew at each look. Filters are those of the control API."""

    def __init__(self, world: Understudy, **filters: Any) -> None:
        self._world = world
        self._filters = filters

    def where(self, **filters: Any) -> Journal:
        """Only entries of an operation, method, path, status, outcome, rule, engine or prompt."""
        return Journal(self._world, **{**self._filters, **filters})

    def count(self, value: object = None, **filters: Any) -> int:
        """How many entries there are; with filters, how many of these."""
        if value is not None:
            return super().count(value)
        return int(self._get("/world/journal/count", {**self._filters, **filters})["count"])

    def expect(self, count: int | None = None, **filters: Any) -> list[Entry]:
        """The entries that match; an ``AssertionError`` with the whole journal if there are not ``count`` of them.

        Without ``count`` there must be one at least.
        """
        __tracebackhide__ = True
        found = list(self.where(**filters))
        if (count is None and found) or len(found) == count:
            return found
        wanted = ", ".join(f"{name}={value!r}" for name, value in filters.items()) or "requests"
        listed = "\n".join(f"  {entry}" for entry in self) or "  nothing"
        number = "at least 1" if count is None else str(count)
        raise AssertionError(f"expected {number} of {wanted}, found {len(found)}; the journal holds\n{listed}")

    def clear(self) -> None:
        """Forget all entries of the world."""
        self._world._ask("DELETE", "/world/journal")

    def __len__(self) -> int:
        """How many entries match."""
        return self.count()

    def __getitem__(self, index: Any) -> Any:
        """An entry, or several by a slice."""
        return self._entries()[index]

    def __iter__(self) -> Iterator[Entry]:
        """The entries as they are now."""
        return iter(self._entries())

    def _entries(self) -> list[Entry]:
        return [Entry(facts) for facts in self._get("/world/journal", self._filters)["entries"]]

    def _get(self, path: str, filters: Mapping[str, Any]) -> Facts:
        query = urllib.parse.urlencode({name: value for name, value in filters.items() if value is not None})
        return self._world._ask("GET", f"{path}?{query}" if query else path)


def _start(home: Path, options: Iterable[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    ours = ("UNDERSTUDY_", "REDIS_URL", "HOST", "PORT")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with (home / "output").open("wb") as output:
        return subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-m", "understudy", "serve", "--test", "--port", "0", "--end-with-parent", *options],
            env={**clean, "UNDERSTUDY_HOME": str(home / "home"), "UNDERSTUDY_LOG_LEVEL": "warning", **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _address(process: subprocess.Popen[bytes], home: Path) -> str:
    """The address that a starting server prints; it answers from then on."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        for line in (home / "output").read_text(errors="replace").splitlines():
            if line.startswith("Understudy listens on "):
                return line.rpartition(" ")[2]
        threading.Event().wait(0.005)
    process.kill()
    process.wait()
    raise RuntimeError(f"understudy did not start:\n{(home / 'output').read_text(errors='replace')}")


def _message(body: bytes) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body)["message"])
    return body.decode(errors="replace")[:500]
