"""Contracts bound to the handlers of their dialects, and what else is known from them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connexion.middleware import ConnexionMiddleware
from connexion.middleware.lifespan import Lifespan, LifespanMiddleware
from connexion.middleware.main import API
from connexion.resolver import Resolver
from connexion.spec import OpenAPISpecification

from app.errors import NoSuchPath
from app.settings import Limits
from app.web.body import Receive
from app.web.call import Send
from app.web.dialect import Dialect
from app.web.documents import Document, resolved
from app.web.guard import Guard
from app.web.operation import OF, Compile, OperationMiddleware, Scope, split
from app.web.routing import StrictRouting, Territories

T = TypeVar("T")


def base_of(document: Mapping[str, Any]) -> str:
    """Where a contract's paths begin on this server: its one server entry."""
    base: str = document["servers"][0]["url"]
    return base


def answer_headers(document: Mapping[str, Any]) -> frozenset[str]:
    """The names of all headers that the contract's answers may have."""
    shared = document.get("components", {}).get("responses", {}).values()
    own = (
        answer
        for row in document["paths"].values()
        for facts in row.values()
        if isinstance(facts, Mapping)
        for answer in facts.get("responses", {}).values()
    )
    return frozenset(name for answer in (*shared, *own) for name in answer.get("headers", {}))


def territories(documents: Mapping[str, Mapping[str, Any]], owners: Mapping[str, T]) -> Territories[T]:
    """Whose the paths of these contracts are; ``owners`` by the name of the contract."""
    return Territories(
        (base_of(document) + path, owners[name])
        for name, document in documents.items()
        for path in ("", *document["paths"])
    )


def bind(
    documents: Mapping[str, Document],
    dialects: Mapping[str, Dialect],
    guards: Mapping[str, Guard],
    limits: Limits,
    lifespan: Lifespan,
    compilers: Mapping[str, Compile] | None = None,
) -> ConnexionMiddleware:
    """One ASGI application for all contracts: Connexion's routes, our compiled operations.

    Every operationId names a method of the contract's dialect (``textToImage``: ``text_to_image``);
    a missing one stops the start. ``guards`` and ``dialects`` are by the name of the contract,
    and so are ``compilers``, for contracts whose operations are not to be run by their handlers.
    """
    app = ConnexionMiddleware(
        _nobody,
        import_name="understudy",
        lifespan=lifespan,
        middlewares=[
            LifespanMiddleware,
            StrictRouting,
            functools.partial(OperationMiddleware, guards=guards, limits=limits, compilers=compilers or {}),
        ],
    )
    for name, document in documents.items():
        options = app.options.replace(resolver=Resolver(_methods_of(dialects[name])))
        app.apis.append(API(_held(name, document), base_path=base_of(document), **vars(options)))
    return app


def _held(name: str, document: Document) -> _Held:
    """The document with its name before every operationId: several contracts may have one of the same name."""
    rows: Mapping[str, Mapping[str, Any]] = document["paths"]
    paths = {path: {method: _named(name, facts) for method, facts in row.items()} for path, row in rows.items()}
    return _Held({**document, "paths": paths})


def _named(name: str, facts: Any) -> Any:
    if not isinstance(facts, dict) or "operationId" not in facts:
        return facts
    return {**facts, "operationId": f"{name}{OF}{facts['operationId']}"}


class _Held(OpenAPISpecification):
    """A contract that is neither validated, which tests do, nor copied at each start: a tenth of it.

    Connexion copies a document to protect its caller's, which nobody changes here.
    """

    def __init__(self, raw_spec: Document, *, base_uri: str = "") -> None:
        self._set_defaults(raw_spec)
        self._raw_spec = raw_spec
        self._spec = resolved(raw_spec)
        self._base_uri = base_uri


async def _nobody(scope: Scope, _receive: Receive, _send: Send) -> None:
    """What lies behind the operations."""
    raise NoSuchPath(scope["path"])


def _methods_of(dialect: Dialect) -> Callable[[str], Callable[..., Any]]:
    def resolve(operation_id: str) -> Callable[..., Any]:
        handler: Callable[..., Any] = getattr(dialect, snake_case(split(operation_id)[1]))
        return handler

    return resolve


def snake_case(name: str) -> str:
    """``textToImage`` as ``text_to_image``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
