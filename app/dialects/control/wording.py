"""How the control API words each error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from app import errors as e
from app.accounts.refusals import BalanceTooLarge
from app.worlds.refusals import Full, NoSuchSnapshot, WorldRefused


class NoSuchRule(WorldRefused):
    """No rule has this id."""

    code = "no_such_rule"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"there is no rule {rule_id}")


@dataclass(frozen=True, slots=True)
class Wording:
    """One error: status, name, message, and headers on top of the usual ones."""

    status: int
    name: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


@singledispatch
def word(_: Exception) -> Wording:
    """Word any error; what is not foreseen tells nothing."""
    return Wording(500, "server_error", "Something went wrong; the server's log says what.")


@word.register
def _(error: e.BadField) -> Wording:
    return Wording(400, "bad_request", f"{error.field}: {_reason(error)}")


@word.register
def _(error: e.BadBody) -> Wording:
    return Wording(400, "bad_request", f"body: {error}")


@word.register
def _(error: BalanceTooLarge) -> Wording:
    return Wording(400, "bad_request", f"balance: {error}")


@word.register
def _(error: e.BadRequestLine) -> Wording:
    return Wording(400, "bad_request", f"The request could not be understood: {error}")


@word.register
def _(_: e.NoKey) -> Wording:
    return Wording(401, "unauthorized", "The header Authorization has to say whose world is meant.")


@word.register
def _(_: e.UnknownKey) -> Wording:
    return Wording(401, "unauthorized", "This is no key: sk- and 3 to 253 letters, digits, dots, dashes, underscores.")


@word.register
def _(_: e.NoSuchPath) -> Wording:
    return Wording(404, "not_found", "There is no such path; /_understudy/ui/ lists them.")


@word.register(NoSuchSnapshot)
@word.register(NoSuchRule)
def _(error: WorldRefused) -> Wording:
    return Wording(404, "not_found", f"{error}.")


@word.register
def _(error: e.MethodRefused) -> Wording:
    return Wording(405, "method_not_allowed", f"{error}.", (("Allow", error.allowed),))


@word.register
def _(error: e.BodyTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The request body was {error}.", (("Connection", "close"),))


@word.register
def _(error: e.HeaderTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The request headers were {error}.")


@word.register
def _(error: Full) -> Wording:
    return Wording(409, "full", f"{error}.")


@word.register
def _(error: e.BodyTooLarge) -> Wording:
    return Wording(413, "content_too_large", f"The body is too large: {error}.")


@word.register
def _(error: e.MediaTypeRefused) -> Wording:
    return Wording(415, "unsupported_media_type", f"The body has to be JSON, not {error.sent}.")


@word.register
def _(error: e.HeaderTooLarge) -> Wording:
    return Wording(431, "headers_too_large", f"The headers are too large: {error}.")


def _reason(error: e.BadField) -> str:
    match error.rule:
        case "required":
            return "is required"
        case "additionalProperties":
            return f"has no field {_shown(error.limit)}"
        case "enum":
            return f"has to be one of {_shown(error.limit)}"
        case rule:
            return f"breaks the rule {rule}" if error.limit is None else f"breaks the rule {rule} {_shown(error.limit)}"


def _shown(limit: object) -> str:
    return ", ".join(map(str, limit)) if isinstance(limit, list | tuple) else str(limit)
