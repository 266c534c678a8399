"""Contracts beside each other: whose a path is, and that none gets in another's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from app.accounts.model import Account, Caller
from app.accounts.ports import RateLimit
from app.errors import NoSuchPath, UnknownKey
from app.settings import Limits
from app.web.answer import Answer
from app.web.call import Call
from app.web.contract import bind
from app.web.guard import Guard
from app.web.operation import ASGIApp
from app.web.routing import Territories

PATHS = (
    ("/v1", "a"),
    ("/v1/generation/{engine_id}/masking", "a"),
    ("/v1/user/balance", "a"),
    ("/v1/image", "b"),
    ("/v1/image/create", "b"),
    ("/v1/credits", "b"),
    ("/v1/images", "c"),
    ("/v1/images/generations", "c"),
    ("/models/v1", "d"),
)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/v1/generation/any-engine/masking", "a"),
        ("/v1/generation/any-engine/nothing", "a"),
        ("/v1/image/create", "b"),
        ("/v1/image/nothing", "b"),
        ("/v1/image/create/more", "b"),
        ("/v1/credits", "b"),
        ("/v1/credits/nothing", "b"),
        ("/v1/images/generations", "c"),
        ("/v1/images", "c"),
        ("/v1/images/", "c"),
        ("/v1/imagesque", "a"),
        ("/v1/nothing", "a"),
        ("/v1", "a"),
        ("/models", "d"),
        ("/models/v1/nothing", "d"),
        ("/nothing", None),
        ("/", None),
        ("", None),
        ("//v1", "a"),
    ],
)
def test_a_path_is_whose_paths_are_nearest(path: str, owner: str | None) -> None:
    """Also where nothing answers, an error speaks the words of the nearest contract."""
    assert Territories(PATHS).owner(path) == owner


def test_the_first_has_what_is_equally_near() -> None:
    """The order in which contracts are given decides, so that it is always the same one."""
    rows = [("/v1/one", "a"), ("/v1/two", "b")]

    assert [Territories(rows).owner("/v1/three"), Territories(rows[::-1]).owner("/v1/three")] == ["a", "b"]


class Saying:
    """A dialect that answers with its name and the operation that was called."""

    def __init__(self, contract: str) -> None:
        self.contract = contract

    def word(self, error: Exception) -> Answer:
        return Answer(500, str(error).encode())

    async def make(self, call: Call) -> None:
        await call.reply(Answer(200, f"{self.contract} make {call.caller.key_id}".encode()))

    async def list(self, call: Call) -> None:
        await call.reply(Answer(200, f"{self.contract} list".encode()))


class OneKey:
    """A directory in which one key is known."""

    def __init__(self, key: str) -> None:
        self._key = key

    async def identify(self, key: str, organization: str | None, limit: RateLimit | None) -> Caller:
        if key != self._key:
            raise UnknownKey
        return Caller(Account("user-1", "a@example.com", "", ()), "org-1", f"key of {key}", 0)


def _contract(base: str, path: str, *extra: str) -> dict[str, Any]:
    answers = {"responses": {"200": {"description": "Done"}}}
    make = {"operationId": "make", "security": [{"Key": []}], **answers}
    return {
        "openapi": "3.0.3",
        "info": {"title": "A contract", "version": "1"},
        "servers": [{"url": base}],
        "paths": {path: {"post": make, "get": {"operationId": "list", **answers}}}
        | {one: {"get": make} for one in extra},
        "components": {"securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "Authorization"}}},
    }


@pytest.fixture
def served() -> ASGIApp:
    """Two contracts at the same base path with operations of the same names, and one inside of it."""
    documents = {
        "one": _contract("/v1", "/things"),
        "two": _contract("/v1", "/things/{thing_id}/parts"),
        "three": _contract("/v1/others", "/things", "/{name}"),
    }

    return _bound(documents)


def _bound(documents: dict[str, dict[str, Any]]) -> ASGIApp:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield

    dialects = {name: Saying(name) for name in documents}
    guards = {name: Guard(OneKey(f"sk-{name}"), None) for name in documents}
    app: ASGIApp = bind(documents, dialects, guards, Limits(), lifespan)
    return app


def ask(app: ASGIApp, method: str, path: str, key: str = "") -> str:
    """The body of the answer; what the front would word is raised."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"authorization", key.encode())],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(app(scope, receive, send))
    return b"".join(message.get("body", b"") for message in sent).decode()


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/v1/things", "one list"),
        ("GET", "/v1/things/7/parts", "two list"),
        ("GET", "/v1/others/things", "three list"),
    ],
)
def test_operations_of_one_name_are_told_apart(served: ASGIApp, method: str, path: str, said: str) -> None:
    """Every path is answered by its own contract, although all call their operations alike."""
    assert ask(served, method, path) == said


@pytest.mark.parametrize(
    ("path", "own"), [("/v1/things", "one"), ("/v1/things/7/parts", "two"), ("/v1/others/things", "three")]
)
def test_every_contract_has_its_own_guard(served: ASGIApp, path: str, own: str) -> None:
    """A key is asked for by the guard of the path's contract, and by no other."""
    assert ask(served, "POST", path, f"Bearer sk-{own}") == f"{own} make key of sk-{own}"
    for other in {"one", "two", "three"} - {own}:
        with pytest.raises(UnknownKey):
            ask(served, "POST", path, f"Bearer sk-{other}")


@pytest.mark.parametrize("path", ["/v1/things", "/v1/things/7/parts"])
def test_a_method_is_refused_with_all_that_the_path_has(served: ASGIApp, path: str) -> None:
    """Allow names the methods of every operation of the path, whichever contract they stand in."""
    with pytest.raises(HTTPException) as refused:
        ask(served, "DELETE", path)

    assert refused.value.status_code == 405
    assert refused.value.headers == {"Allow": "GET, HEAD, POST"}


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/things/", "/v1/things/7", "/v1/others", "/elsewhere", "/"])
def test_what_no_contract_has_is_not_found(served: ASGIApp, path: str) -> None:
    """A path with a slash too many is another path, and no redirect leads from one to the other."""
    with pytest.raises((HTTPException, NoSuchPath)) as refused:
        ask(served, "GET", path)

    assert getattr(refused.value, "status_code", 404) == 404


def test_two_contracts_with_one_operation_do_not_start() -> None:
    """Nobody could say which of them answers."""
    documents = {"one": _contract("/v1", "/things"), "two": _contract("/v1", "/things")}

    with pytest.raises(ValueError, match=r"two contracts have \w+ /v1/things"):
        ask(_bound(documents), "GET", "/v1/things")
