"""For tests of your own: start a server in test mode, and steer the world behind one API key.

Needs nothing but the standard library, so that it can be used from any test framework:

    from understudy.testing import Understudy, serve

    with serve() as url:
        stability = Understudy(url, "sk-test-me")
        stability.fail_next("server_error")
"""

from __future__ import annotations

import contextlib
import functools
import json
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import Any

from understudy.journal import Entry, Facts, Journal
from understudy.serving import serve

__all__ = ["ControlError", "Entry", "Facts", "Journal", "Understudy", "check", "serve"]

PATIENCE = 30.0
"""Seconds until the control API must answer."""
BASE = "/_understudy"


class ControlError(Exception):
    """The control API refused a request; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


def check(url: str) -> str:
    """The address of a server that somebody else runs. Raises ``RuntimeError`` if none in test mode answers there."""
    try:
        Understudy(url, "sk-test")._ask("GET", "/outcomes")
    except (OSError, ValueError, HTTPException, ControlError) as problem:
        raise RuntimeError(f"there is no Understudy in test mode at {url}: {problem}") from None
    return url


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
        return Journal(self._ask)

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
        try:
            with _opener().open(request, timeout=PATIENCE) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                raise ControlError(refusal.code, _message(refusal.read())) from None
        return dict(json.loads(text)) if text else {}


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    """Opens addresses directly: proxies in the environment are for the world outside."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _message(body: bytes) -> str:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(body)["message"])
    return body.decode(errors="replace")[:500]
