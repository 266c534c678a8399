"""Addresses of a store: sockets, passwords, databases, TLS, and who is no Redis at all."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.errors import StoreUnavailable
from app.store.redis_store import RedisStore
from tests.store.servers import Server, play, redis_program, someone, wait_until

PASSWORD = "p4ss w/rd"


@pytest.fixture(scope="module")
def guarded() -> Iterator[int]:
    """The port of a Redis that wants a password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="understudy-redis-"))
    options = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--dir", str(folder)]
    process = subprocess.Popen([redis_program(), *options, "--save", "", "--logfile", str(folder / "log")])
    wait_until(lambda: _listens(port))
    yield port
    process.terminate()
    process.wait()
    shutil.rmtree(folder)


def test_a_password_and_a_database_may_be_named(guarded: int) -> None:
    """What is kept in one database is not seen in another."""

    async def story(store: RedisStore) -> int:
        await someone(store)
        return len(await store.accounts())

    address = f"redis://:p4ss%20w%2Frd@127.0.0.1:{guarded}"

    assert [play(f"{address}/{number}", story) for number in (0, 3, 3)] == [1, 1, 2]


@pytest.mark.parametrize("login", ["", ":wrong@", "nobody:wrong@"])
def test_a_wrong_password_is_unavailable(guarded: int, login: str) -> None:
    """As a Redis that is not there."""

    async def story(store: RedisStore) -> None:
        with pytest.raises(StoreUnavailable):
            await store.ping()

    play(f"redis://{login}127.0.0.1:{guarded}/0", story)


def test_tls(server: Server, tmp_path: Path) -> None:
    """``rediss`` is spoken through TLS, with the authority that the address names; lost connections are renewed."""

    async def story() -> None:
        async with _behind_tls(Path(server.socket), tmp_path) as (port, connections):
            store = RedisStore(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={tmp_path / 'ca.pem'}")
            caller = await someone(store)
            for one in list(connections):
                one.transport.abort()
            assert await store.balance(caller.organization_id) == caller.balance
            await store.close()

    asyncio.run(story())


def test_tls_without_trust_is_unavailable(server: Server, tmp_path: Path) -> None:
    """A certificate that nobody vouches for is not spoken to."""

    async def story() -> None:
        async with _behind_tls(Path(server.socket), tmp_path) as (port, _):
            store = RedisStore(f"rediss://127.0.0.1:{port}/0", patience=2.0)
            with pytest.raises(StoreUnavailable):
                await store.ping()
            await store.close()

    asyncio.run(story())


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ERR not here\r\n", b""])
def test_who_is_no_redis_is_unavailable(answer: bytes, tmp_path: Path) -> None:
    """Whatever the one at the other end says, or hangs up without a word."""

    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    async def story() -> None:
        path = tmp_path / "strange.sock"
        async with await asyncio.start_unix_server(strange, path):
            store = RedisStore(f"unix://{path}", patience=5.0)
            with pytest.raises(StoreUnavailable):
                await store.ping()
            await store.close()

    asyncio.run(story())


@asynccontextmanager
async def _behind_tls(behind: Path, folder: Path) -> AsyncIterator[tuple[int, list[asyncio.StreamWriter]]]:
    """The port of a TLS server that passes everything on to a socket, and its connections."""
    connections: list[asyncio.StreamWriter] = []
    pumps: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        back, forth = await asyncio.open_unix_connection(behind)
        connections.append(forth)
        pumps.extend(asyncio.create_task(one) for one in (_pump(reader, forth), _pump(back, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=_certified(folder))
    try:
        yield server.sockets[0].getsockname()[1], connections
    finally:
        server.close()
        for one in connections:
            one.close()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


def _certified(folder: Path) -> ssl.SSLContext:
    """A server's context, with a certificate for 127.0.0.1 that is its own authority, in ``ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
