"""One operation of a contract, compiled once: who may call, what must be sent, who handles it.

Connexion loads the contract, resolves its operations to handlers and owns the routes. What is left to
do per request is here, so that nothing is looked up or built again for each one.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
from connexion.operations import AbstractOperation
from connexion.spec import Specification

from app.accounts.model import Caller
from app.errors import CallerChanged, NoSuchPath, StoreUnavailable, TurnedAway
from app.settings import Limits
from app.web.body import Body, BodyReader, ClientGone, Receive
from app.web.call import Call, Connection, Prove, Send
from app.web.guard import Guard
from app.web.query import QueryReader

Scope = MutableMapping[str, Any]
"""ASGI's scope."""
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Handler = Callable[[Call], Awaitable[None]]
Headers = Mapping[str, str]
"""By lower-case name."""


class Operation:
    """An ASGI application for one operation; errors leave it as exceptions."""

    def __init__(self, operation: AbstractOperation, guard: Guard, limits: Limits) -> None:
        self._handler: Handler = operation.function
        self._guard = guard if operation.security else None
        self._paid = any(parameter["name"] == "Organization" for parameter in operation.parameters)
        body = operation.request_body
        self._body = BodyReader(body, limits) if body else None
        self._query = QueryReader(operation.parameters)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Key before body: a bad key with a bad body is a bad key."""
        headers = header_map(scope)
        if self._body is None:
            caller = await self._guard.glance(headers, self._paid) if self._guard else None
            await self._handler(self._call(scope, headers, send, caller=caller))
        elif self._guard is None:
            body = await self._body.read(headers, receive)
            await self._watched(self._call(scope, headers, send, body=body))
        else:
            await self._guarded(self._guard, self._body, scope, headers, receive, send)

    async def _guarded(
        self, guard: Guard, reader: BodyReader, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        """A caller who was remembered is proven before anything is answered, a refusal included."""
        caller = await guard.admit(headers, self._paid)
        prove = functools.partial(guard.prove, caller, headers, self._paid)
        try:
            body = await reader.read(headers, receive)
            try:
                await self._watched(self._call(scope, headers, send, caller=caller, body=body, prove=prove))
            except CallerChanged:
                caller = await guard.identify(headers, self._paid)
                await self._watched(self._call(scope, headers, send, caller=caller, body=body))
        except TurnedAway:
            guard.forget(headers, self._paid)
            raise
        except (ClientGone, StoreUnavailable):
            raise
        except Exception:
            await prove()
            raise

    def _call(
        self,
        scope: Scope,
        headers: Headers,
        send: Send,
        *,
        caller: Caller | None = None,
        body: Body | None = None,
        prove: Prove | None = None,
    ) -> Call:
        query = self._query.read(scope["query_string"])
        connection = Connection.of(scope)
        return Call(headers, scope.get("path_params", {}), query, caller, body, send, connection, prove)

    async def _watched(self, call: Call) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("operations run in a task")
        hangup = functools.partial(call.hang_up, task)
        call.connection.hangups.add(hangup)
        try:
            await self._handler(call)
        except asyncio.CancelledError:
            if not call.lost:
                raise
            task.uncancel()
            raise ClientGone from None
        finally:
            call.connection.hangups.discard(hangup)


def header_map(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; repeated ones are joined with a comma, as HTTP allows."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers = {name: ", ".join([value for other, value in pairs if other == name]) for name in headers}
    return headers


Compile = Callable[[AbstractOperation, Guard, Limits], ASGIApp]
"""Makes an ASGI application of one operation."""


OF = ":"
"""Stands between the name of a contract and the operationId that the contract gives."""


def split(operation_id: str) -> tuple[str, str]:
    """The contract of an operation that was bound, and the operationId in it."""
    contract, _, name = operation_id.partition(OF)
    return contract, name


class OperationAPI(RoutedAPI[ASGIApp]):
    """All operations of one contract."""

    def __init__(
        self,
        specification: Specification,
        *,
        guards: Mapping[str, Guard],
        limits: Limits,
        compilers: Mapping[str, Compile],
        **options: Any,
    ) -> None:
        super().__init__(specification, **options)
        self._guards = guards
        self._limits = limits
        self._compilers = compilers
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> ASGIApp:
        """Compile one operation, behind the guard of its contract."""
        contract, _ = split(operation.operation_id)
        compiled = self._compilers.get(contract, Operation)
        return compiled(operation, self._guards[contract], self._limits)


class OperationMiddleware(RoutedMiddleware[OperationAPI]):
    """Runs the operation that the routing found; nothing lies behind it.

    ``guards`` and ``compilers`` are by the name of the contract.
    """

    api_cls = OperationAPI

    def __init__(
        self, app: ASGIApp, guards: Mapping[str, Guard], limits: Limits, compilers: Mapping[str, Compile]
    ) -> None:
        super().__init__(app)
        self._options = {"guards": guards, "limits": limits, "compilers": compilers}
        self._operations: dict[str, ASGIApp] = {}

    def add_api(self, specification: Specification, **options: Any) -> OperationAPI:
        """Compile a contract's operations."""
        api: OperationAPI = super().add_api(specification, **self._options, **options)
        self._operations |= {name: operation for name, operation in api.operations.items() if name is not None}
        return api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the operation. Raises ``NoSuchPath`` where the routing found none."""
        routed: Mapping[str, str | None] = scope["extensions"]["connexion_routing"]
        operation_id = routed["operation_id"]
        if operation_id is None:
            raise NoSuchPath(scope["path"])
        await self._operations[operation_id](scope, receive, send)
