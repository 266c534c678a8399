"""One request of a world as rules, strict mode and journal see it: what is asked for, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from app.errors import BodyTooLarge, BodyTooSlow, CounterError
from app.settings import Limits
from app.testing import bodies, roles
from app.testing.bodies import Reading
from app.testing.operations import Operation, Target
from app.web.body import Receive, read_chunks
from app.web.operation import Scope
from app.worlds.journal import Entry
from app.worlds.outcomes import USUAL_MEDIA_TYPES, AskedFor
from app.worlds.redaction import Redaction
from app.worlds.rules import Asked
from app.worlds.strictness import Finding, Sent, findings
from engines.types import EngineCard

MAX_PARAMETERS = 100


class Incoming:
    """ASGI's receive that reads the body once, within the limits, and gives it again to who comes after."""

    def __init__(self, later: Receive) -> None:
        self.later = later
        """What comes from the client itself, once the body has been read."""
        self.problem: CounterError | None = None
        """Why the body could not be read to its end."""
        self._body: bytes | None = None

    async def __call__(self) -> dict[str, object]:
        """The whole body if it was read, then what comes from the client."""
        if self._body is None:
            return dict(await self.later())
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    def rename(self, old: str, new: str) -> None:
        """Give the body with another word in place of ``old``, which is to be one that stands for nothing else."""
        if self._body is not None:
            self._body = self._body.replace(old.encode(), new.encode())

    async def read(self, headers: Mapping[str, str], limits: Limits) -> bytes:
        """The body, as far as anybody will look at it. Raises ``ClientGone``."""
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > limits.body_bytes:
            return b""  # Refused by its announcement alone, further in.
        try:
            self._body = b"".join([chunk async for chunk in read_chunks(self.later, limits)])
        except (BodyTooLarge, BodyTooSlow) as problem:
            self.problem = problem
            return b""
        return self._body


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has a world; ``headers`` by lower-case name."""

    scope: Scope
    target: Target
    headers: Mapping[str, str]
    key: str
    reading: Reading

    @property
    def engine(self) -> str | None:
        """The engine that the path names, or the body."""
        return self.target.engine or self.reading.engine

    @property
    def asked_for(self) -> AskedFor:
        """What errors that are played speak of."""
        schema, operation = self.reading.schema, self.target.operation
        return AskedFor(
            engine=self.engine,
            prompt=roles.field(schema, "prompt") or "body",
            picture=roles.field(schema, "picture") or "body",
            media_types=(operation and tuple(operation.schemas)) or USUAL_MEDIA_TYPES,
        )

    @property
    def asked(self) -> Asked:
        """What rules match."""
        target = self.target
        name = target.operation.name if target.operation else None
        path, method = self.scope["path"], self.scope["method"]
        return Asked(name, target.version, method, path, self.engine, self.reading.prompts)

    def findings(self, card: EngineCard | None) -> tuple[Finding, ...]:
        """What of it the real service would silently ignore."""
        operation = self.target.operation
        if operation is None:
            return ()
        sent = Sent(
            operation=operation.name,
            headers=self.headers,
            query=self._query(),
            value=self.reading.value,
            parts=self.reading.parts,
            schemas=operation.schemas,
            parameters=operation.parameters,
            answers=operation.answers,
            card=card,
        )
        return findings(sent)

    def entry(self, at: float) -> Entry:
        """The beginning of its entry in the journal, nothing secret in it."""
        asked, redaction = self.asked, Redaction(self.key)
        return Entry(
            at=at,
            method=asked.method,
            path=redaction.text(asked.path),
            query=redaction.text(self.scope["query_string"].decode("latin-1")),
            operation=asked.operation,
            version=asked.version,
            engine=redaction.text(asked.engine) if asked.engine else None,
            headers=redaction.headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._raw()),
            fields=redaction.value({**self.reading.value, **self.reading.unknown}),
            prompts=tuple(redaction.value(asked.prompts)),
        )

    def _raw(self) -> list[tuple[bytes, bytes]]:
        raw: list[tuple[bytes, bytes]] = self.scope["headers"]
        return raw

    def _query(self) -> tuple[str, ...]:
        query = self.scope["query_string"].decode("latin-1")
        try:
            return tuple(name for name, _ in parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS))
        except ValueError:
            return ()


async def read(
    scope: Scope, target: Target, headers: Mapping[str, str], key: str, incoming: Incoming, limits: Limits
) -> Request:
    """Read the body of a request if its operation takes one. Raises ``ClientGone``."""
    operation = target.operation
    reading = await _read_body(operation, headers, incoming, limits) if operation else Reading()
    return Request(scope, target, headers, key, reading)


async def _read_body(operation: Operation, headers: Mapping[str, str], incoming: Incoming, limits: Limits) -> Reading:
    if not operation.schemas:
        return Reading()
    body = await incoming.read(headers, limits)
    return await bodies.read(operation, headers.get("content-type", ""), body, limits)
