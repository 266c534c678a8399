"""Connections that redis-py opens, with all that an address may ask for: TLS, a user, a password, a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.store.dialing import Dial
from app.store.wire import Lost, Wire

if TYPE_CHECKING:
    import asyncio


def by_redis(url: str, patience: float) -> Dial:
    """What opens a connection to this address. Raises ``ValueError`` for one that is none."""
    pool = ConnectionPool.from_url(
        url, socket_timeout=patience, socket_connect_timeout=patience, retry=Retry(NoBackoff(), 0), protocol=2
    )
    _made(pool)  # An address may be of the right form and yet be none.

    async def dial() -> Wire:
        connection = _made(pool)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except RedisError as problem:
            raise Lost(str(problem)) from problem
        return _taken(connection)

    return dial


def _taken(connection: AbstractConnection) -> Wire:
    """Take redis-py's place on its connection, and let it believe that it has closed it."""
    writer = cast("asyncio.StreamWriter", connection._writer)
    wire = Wire(writer)
    connection._reader = connection._writer = None
    writer.transport.set_protocol(wire)
    wire.connection_made(writer.transport)
    return wire


def _made(pool: ConnectionPool) -> AbstractConnection:
    made: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]
    return made
