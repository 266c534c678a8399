"""What other tests send, overheard on its way and put to both sides: once for each request that is like no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import httptools
import pytest
import requests

from tests.parity.comparing import Sides, Tally
from tests.parity.sent import Sent, of
from tests.running import Client
from tests.wire.raw import Connection


class Overheard:
    """Every request that is sent by ``Client`` or by ``Connection`` while it listens, until it is compared."""

    def __init__(self, sides: Sides) -> None:
        self.tally = Tally()
        self._sides = sides
        self._known: set[int] = set()
        self._waiting: list[Sent] = []
        self._readers: WeakKeyDictionary[Connection, _Reader] = WeakKeyDictionary()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while this lasts."""
        send, raw = Client.send, Connection.send

        def sending(client: Client, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            self.add(of(request))
            return send(client, request, **options)

        def sending_raw(connection: Connection, data: bytes) -> None:
            self.read(connection, data)
            raw(connection, data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Client, "send", sending)
            patch.setattr(Connection, "send", sending_raw)
            yield

    def add(self, sent: Sent) -> None:
        """Keep a request that was not there before, unless it is for a page, of which no contract knows."""
        if hash(sent) not in self._known and not self._sides.ours.pages.owns(sent.path):
            self._known.add(hash(sent))
            self._waiting.append(sent)

    def read(self, connection: Connection, data: bytes) -> None:
        """Keep what bare bytes ask for, where they are HTTP."""
        reader = self._readers.setdefault(connection, _Reader())
        for sent in reader.requests(data):
            self.add(sent)

    def differences(self) -> list[str]:
        """What no rule explains of everything that was sent since this was asked last."""
        new, self._waiting = self._waiting, []
        before = len(self.tally.unexplained)
        self._sides.compare(new, self.tally)
        return self.tally.unexplained[before:]


class _Reader:
    """HTTP out of the bytes of one connection; nothing more once they are none."""

    def __init__(self) -> None:
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._done: list[Sent] = []
        self._target, self._headers, self._body = b"", list[tuple[str, str]](), b""

    def requests(self, data: bytes) -> list[Sent]:
        """The requests that are complete with these bytes; not one that offers another protocol, whose body is lost."""
        try:
            if self._parser is not None:
                self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._parser = None
        except httptools.HttpParserUpgrade:
            self._parser = None
            self._done.clear()
        done, self._done = self._done, []
        return done

    def on_message_begin(self) -> None:
        self._target, self._headers, self._body = b"", [], b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode() if self._parser is not None else ""
        self._done.append(Sent(method, self._target.decode("latin-1"), tuple(self._headers), self._body))
