"""Which operation answers a path: Connexion's routing, strict about paths, with every contract in one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connexion.middleware.abstract import ROUTING_CONTEXT
from connexion.middleware.routing import RoutingAPI, RoutingMiddleware
from connexion.spec import Specification
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from app.web.body import Receive
from app.web.call import Send
from app.web.operation import ASGIApp, Scope

T = TypeVar("T")

ANY = "{}"
"""Stands for a segment that is a parameter."""


class StrictRouting(RoutingMiddleware):
    """Connexion's routing without redirects: a path with a slash too many is another path.

    Contracts may begin at the same base path or one inside the other: Connexion gives each a branch of its own,
    from which a path does not come back, so their routes are put into one table. A method is refused with all
    those that the path has; by itself the router names those of one operation.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.router.redirect_slashes = False
        self._index = Index()

    def add_api(self, specification: Specification, base_path: str | None = None, **options: Any) -> None:
        """Add a contract's routes. Raises ``ValueError`` for one that another contract has already."""
        api = RoutingAPI(specification, base_path=base_path, next_app=self.app, **options)
        taken = {(one.path, method) for one in self.router.routes if isinstance(one, Route) for method in _of(one)}
        for route in api.router.routes:
            if isinstance(route, Route):
                path = f"{api.base_path}{route.path}"
                if clash := {(path, method) for method in _of(route)} & taken:
                    raise ValueError(f"two contracts have {', '.join(sorted(method for _, method in clash))} {path}")
                self.router.routes.append(Route(path, route.endpoint, methods=route.methods))
        self._index = Index(route for route in self.router.routes if isinstance(route, Route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route. Raises Starlette's exception for a path or method that no contract has."""
        if found := scope["type"] == "http" and self._index.find(scope["method"], scope["path"]):
            scope["path_params"] = dict(found.parameters)
            scope.setdefault("extensions", {})[ROUTING_CONTEXT] = {"operation_id": found.operation_id}
            await self.app(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        except HTTPException as refusal:
            if refusal.status_code != 405:
                raise
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self._methods(scope)))}) from None

    def _methods(self, scope: Scope) -> set[str]:
        return {
            method
            for route in self.router.routes
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE
            for method in _of(route)
        }


@dataclass(frozen=True, slots=True)
class Found:
    """An operation by the name that Connexion gave it, and the parameters in its path."""

    operation_id: str
    parameters: dict[str, Any]


class Index:
    """Finds the route that the router would, without asking one after the other.

    The router tries every route until one fits, and takes the first. Here a path without parameters is looked
    up, and any other is held against the few routes of its method and length, in their order.
    """

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        self._plain: dict[tuple[str, str], Found] = {}
        self._rows: dict[tuple[str, int], list[Route]] = {}
        for route in routes:
            for method in _of(route):
                if self.find(method, route.path) is None and not route.param_convertors:
                    self._plain[method, route.path] = Found(_operation_id(route), {})
                elif route.param_convertors:
                    self._rows.setdefault((method, route.path.count("/")), []).append(route)

    def find(self, method: str, path: str) -> Found | None:
        """The route; None where the router has to say what is wrong."""
        if plain := self._plain.get((method, path)):
            return plain
        for route in self._rows.get((method, path.count("/")), ()):
            if match := route.path_regex.match(path):
                convertors = route.param_convertors
                parameters = {name: convertors[name].convert(text) for name, text in match.groupdict().items()}
                return Found(_operation_id(route), parameters)
        return None


class Territories(Generic[T]):
    """Whose a path is, be there an operation or not: his whose paths share the most leading segments with it.

    So ``/v1/image/nothing`` belongs to who has ``/v1/image/create``, and ``/v1/nothing`` to the first who has
    something below ``/v1``. A segment in braces stands for any.
    """

    def __init__(self, paths: Iterable[tuple[str, T]]) -> None:
        self._first: dict[tuple[str, ...], tuple[int, T]] = {}
        for number, (path, owner) in enumerate(paths):
            segments = tuple(ANY if one.startswith("{") else one for one in _segments(path))
            for length in range(1, len(segments) + 1):
                self._first.setdefault(segments[:length], (number, owner))

    def owner(self, path: str) -> T | None:
        """The owner of the path; None where no path has even its first segment."""
        reached: list[tuple[str, ...]] = [()]
        found: T | None = None
        for segment in _segments(path):
            reached = [way for one in reached for way in ((*one, segment), (*one, ANY)) if way in self._first]
            if not reached:
                break
            found = min((self._first[way] for way in reached), key=lambda row: row[0])[1]
        return found


def _operation_id(route: Route) -> str:
    operation: Any = route.endpoint  # Connexion's, which is no function as Starlette declares it
    name: str = operation.operation_id
    return name


def _of(route: Route) -> Iterable[str]:
    return route.methods or ()


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))
