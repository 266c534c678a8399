"""One run of intercept mode: certificates, the Understudy behind it, the proxy, and the end of them all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from app.intercept.cabinet import Cabinet
from app.intercept.own import OwnUnderstudy
from app.intercept.proxy import Proxy
from app.intercept.upstream import Upstream
from app.settings import BadSetting

log = logging.getLogger("understudy.intercept")

LOOK_SECONDS = 3600.0
"""How often a running proxy looks whether its certificate has to be renewed."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to intercept and where it goes: to the Understudy at ``to``, or to one of our own."""

    hosts: frozenset[str]
    to: str | None
    own_options: tuple[str, ...]


def context(cabinet: Cabinet) -> ssl.SSLContext:
    """TLS 1.2 or newer with the certificate of the cabinet, and HTTP/1.1 inside."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    made.load_cert_chain(cabinet.server)
    return made


async def run(
    plan: Plan, cabinet: Cabinet, listener: socket.socket, echo: Callable[[str], None], ready: Callable[[str], None]
) -> None:
    """Serve until a signal says to stop.

    ``echo`` gets what an Understudy of our own prints, ``ready`` the address of Understudy once requests
    may come. Raises ``BadSetting``, or ``UnderstudyEnded`` where an Understudy of our own does not live.
    """
    work = asyncio.create_task(_work(plan, cabinet, listener, OwnUnderstudy(plan.own_options, echo), ready))

    def stop() -> None:
        if not work.cancelling():
            work.cancel()

    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await work


async def _work(
    plan: Plan, cabinet: Cabinet, listener: socket.socket, own: OwnUnderstudy, ready: Callable[[str], None]
) -> None:
    tasks: list[asyncio.Task[None]] = []
    try:
        url = plan.to or await own.start()
        tls = context(cabinet)
        tasks.append(asyncio.create_task(Proxy(plan.hosts, Upstream.parse(url, plan.hosts), tls).serve(listener)))
        tasks.append(asyncio.create_task(_keep_fresh(cabinet, plan.hosts, tls)))
        if plan.to is None:
            tasks.append(asyncio.create_task(own.fail_at_its_end()))
        ready(url)
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await own.stop()


async def _keep_fresh(cabinet: Cabinet, hosts: frozenset[str], tls: ssl.SSLContext) -> None:
    """Renew in time what would expire while we run; new connections get the new certificate."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await asyncio.to_thread(cabinet.prepare, hosts)
            tls.load_cert_chain(cabinet.server)
        except (BadSetting, OSError) as problem:
            log.error("the certificate cannot be renewed", extra={"facts": {"reason": str(problem)}})  # noqa: TRY400
