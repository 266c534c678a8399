"""Our server on the same contracts, without socket and without what comes after validation.

The operations are compiled as they are when it serves, the front words every refusal by the dialect of the path,
and the handlers only note what they are given.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from app.accounts.model import Account, Caller
from app.accounts.ports import RateLimit
from app.accounts.standing import Acquaintances
from app.dialects.control import Control
from app.dialects.served import SERVED
from app.errors import (
    BadBody,
    BadField,
    BodyTooLarge,
    MediaTypeRefused,
    MethodRefused,
    NoKey,
    NoSuchPath,
    UnknownKey,
)
from app.settings import Limits
from app.web.answer import Answer, json_answer
from app.web.call import Call
from app.web.contract import bind, territories
from app.web.dialect import Dialect
from app.web.documents import load
from app.web.front import Front
from app.web.guard import Guard
from app.web.pages import Pages
from tests.parity.sent import Sent, ask
from tests.parity.stock import known_key
from tests.parity.verdict import Fault, Kind, Verdict
from tests.rooms import Empty, tools

KINDS: dict[type[Exception], Kind] = {
    NoKey: Kind.KEY,
    UnknownKey: Kind.KEY,
    NoSuchPath: Kind.PATH,
    MethodRefused: Kind.METHOD,
    MediaTypeRefused: Kind.MEDIA,
    BadBody: Kind.BODY,
    BadField: Kind.FIELD,
    BodyTooLarge: Kind.LIMIT,
}
CONTRACTS = (*(kind.contract for kind in SERVED), Control.contract)
"""Every contract that can be served, that of test mode included."""


class Ours:
    """All contracts behind our front."""

    def __init__(self) -> None:
        self._heard: dict[str, Any] = {}
        dialects: dict[str, Dialect] = {name: _Noting(one, self._heard) for name, one in _dialects().items()}
        guards = dict.fromkeys(dialects, Guard(_Keys(), None, Acquaintances()))
        limits = Limits()
        documents = {name: load(name) for name in CONTRACTS}
        inner = bind(documents, dialects, guards, limits, _lifespan)
        self.pages = Pages(documents, cast("Any", None), lambda: 0, lambda: 0)
        owners = territories(documents, dialects)
        self._front = Front(inner, self.pages, owners, dialects["v1"], limits, ())

    def judge(self, runner: asyncio.Runner, sent: Sent) -> tuple[Verdict, dict[str, Any]]:
        """Our verdict without a value, and what the handler was given."""
        self._heard.clear()
        status, _ = runner.run(ask(self._front, sent))
        error = self._heard.get("error")
        if error is None:
            return Verdict(Kind.TAKEN if "body" in self._heard else Kind.OTHER, status), dict(self._heard)
        kind = KINDS.get(type(error), Kind.CRASH if status >= 500 else Kind.OTHER)
        faults = {Fault(error.field, error.rule)} if isinstance(error, BadField) else set()
        return Verdict(kind, status, frozenset(faults)), {}


class _Noting:
    """A dialect with its own words whose handlers note what they are given."""

    def __init__(self, dialect: Dialect, heard: dict[str, Any]) -> None:
        self.contract = dialect.contract
        self._dialect = dialect
        self._heard = heard

    def word(self, error: Exception) -> Answer:
        self._heard["error"] = error
        return self._dialect.word(error)

    def __getattr__(self, name: str) -> Callable[[Call], Awaitable[None]]:
        if name.startswith("_") or not hasattr(self._dialect, name):
            raise AttributeError(name)
        return self._handle

    async def _handle(self, call: Call) -> None:
        try:
            self._heard["body"] = call.body.sent
        except LookupError:
            self._heard["body"] = None
        self._heard["query"] = dict(call.query)
        await call.reply(json_answer(None))


class _Keys:
    """Knows the keys that stock Connexion is told of."""

    async def identify(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller:
        if known_key(key) is None:
            raise UnknownKey
        return Caller(Account("user-1", "a@example.com", "", ()), organization or "org-1", "key-1", 0)


def _dialects() -> Mapping[str, Dialect]:
    served: dict[str, Dialect] = {kind.contract: kind(tools()) for kind in SERVED}
    control = Control(cast("Any", Empty("worlds")), cast("Any", Empty("names")), cast("Any", Empty("gallery")))
    return {**served, Control.contract: control}


@asynccontextmanager
async def _lifespan(_: Any) -> AsyncIterator[None]:
    yield
