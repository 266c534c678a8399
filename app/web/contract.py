"""Contracts as they lie in ``spec/``: loaded, adjusted by settings, bound to a dialect's handlers."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from connexion import AsyncApp
from connexion.middleware.lifespan import Lifespan, LifespanMiddleware
from connexion.middleware.main import API
from connexion.resolver import Resolver
from connexion.spec import OpenAPISpecification

from app.settings import Limits
from app.web.dialect import Dialect
from app.web.guard import Guard
from app.web.operation import OF, Compile, OperationMiddleware, split
from app.web.routing import StrictRouting, Territories

T = TypeVar("T")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where PyYAML was built with it: ten times faster."""
SPEC_FOLDER = Path(__file__).resolve().parents[2] / "spec"


@functools.cache
def load(name: str, folder: Path = SPEC_FOLDER) -> dict[str, Any]:
    """The document ``spec/<name>.yaml``, its tags and texts untouched; read once, so that nobody may change it."""
    with (folder / f"{name}.yaml").open("rb") as file:
        document: dict[str, Any] = yaml.load(file, Loader=LOADER)  # noqa: S506 -- a safe loader
    return document


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
    documents: Mapping[str, dict[str, Any]],
    dialects: Mapping[str, Dialect],
    guards: Mapping[str, Guard],
    limits: Limits,
    lifespan: Lifespan,
    compilers: Mapping[str, Compile] | None = None,
) -> AsyncApp:
    """One ASGI application for all contracts: Connexion's routes, our compiled operations.

    Every operationId names a method of the contract's dialect (``textToImage``: ``text_to_image``);
    a missing one stops the start. ``guards`` and ``dialects`` are by the name of the contract,
    and so are ``compilers``, for contracts whose operations are not to be run by their handlers.
    """
    app = AsyncApp(
        "understudy",
        lifespan=lifespan,
        middlewares=[
            LifespanMiddleware,
            StrictRouting,
            functools.partial(OperationMiddleware, guards=guards, limits=limits, compilers=compilers or {}),
        ],
    )
    for name, document in documents.items():
        options = app.middleware.options.replace(resolver=Resolver(_methods_of(dialects[name])))
        app.middleware.apis.append(API(_held(name, document), base_path=base_of(document), **vars(options)))
    return app


def _held(name: str, document: Mapping[str, Any]) -> _Held:
    """The document with its name before every operationId: several contracts may have one of the same name."""
    rows: Mapping[str, Mapping[str, Any]] = document["paths"]
    paths = {path: {method: _named(name, facts) for method, facts in row.items()} for path, row in rows.items()}
    return _Held({**document, "paths": paths})


def _named(name: str, facts: Any) -> Any:
    if not isinstance(facts, dict) or "operationId" not in facts:
        return facts
    return {**facts, "operationId": f"{name}{OF}{facts['operationId']}"}


class _Held(OpenAPISpecification):
    """A contract that needs no validating at each start, a fifth of which that took: tests hold it to OpenAPI."""

    @classmethod
    def _validate_spec(cls, spec: Any) -> None:
        """Nothing to do."""


def _methods_of(dialect: Dialect) -> Callable[[str], Callable[..., Any]]:
    def resolve(operation_id: str) -> Callable[..., Any]:
        handler: Callable[..., Any] = getattr(dialect, snake_case(split(operation_id)[1]))
        return handler

    return resolve


def snake_case(name: str) -> str:
    """``textToImage`` as ``text_to_image``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
