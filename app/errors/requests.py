"""What a request itself can be refused for: its bytes, its path, its fields."""

from __future__ import annotations

from app.errors.root import CounterError


class BadField(CounterError):
    """A field of the request breaks its contract.

    ``field`` is the dotted path (``text_prompts[0].text``), ``rule`` the broken rule
    (``required``, ``minimum``, ``enum``, ``type`` …), ``limit`` what the contract says and
    ``value`` what was sent.
    """

    code = "bad_field"

    def __init__(self, field: str, rule: str, limit: object = None, value: object = None) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule
        self.limit = limit
        self.value = value


class Ignored(CounterError):
    """Strict mode refuses what the service would silently ignore.

    ``place`` is ``body``, ``query`` or ``header``, ``reason`` the half-sentence behind the field's name.
    """

    code = "ignored"

    def __init__(self, place: str, field: str, reason: str) -> None:
        super().__init__(f"{place} {field}: {reason}")
        self.place = place
        self.field = field
        self.reason = reason


class BadBody(CounterError):
    """The body as a whole cannot be read: broken JSON, broken multipart, not UTF-8, nested too deep."""

    code = "bad_body"


class BodyTooLarge(CounterError):
    """More bytes than are read."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} bytes")
        self.limit = limit


class BodyTooSlow(CounterError):
    """The body did not arrive in time."""

    code = "body_too_slow"


class MediaTypeRefused(CounterError):
    """A body in a media type the operation does not take."""

    code = "media_type_refused"

    def __init__(self, sent: str, taken: tuple[str, ...]) -> None:
        super().__init__(f"{sent!r} is not one of {', '.join(taken)}")
        self.sent = sent
        self.taken = taken


class NoSuchPath(CounterError):
    """Nothing answers at this path."""

    code = "no_such_path"


class MethodRefused(CounterError):
    """The path exists, the method does not; ``allowed`` is the value for ``Allow``."""

    code = "method_refused"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"use {allowed}")
        self.allowed = allowed


class BadCursor(CounterError):
    """A cursor into a list was not made by us."""

    code = "bad_cursor"


class BadRequestLine(CounterError):
    """The bytes before the body are no HTTP we can read, or too many."""

    code = "bad_request_line"


class HeaderTooLarge(BadRequestLine):
    """The header block has more bytes than are read."""

    code = "header_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} bytes of headers")
        self.limit = limit


class HeaderTooSlow(BadRequestLine):
    """The header block did not arrive in time."""

    code = "header_too_slow"
