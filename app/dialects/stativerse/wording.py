"""How the service's envelope says each error: status, code and message, in one place.

The document of the service names no code and no text; all of them are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from app import errors as e
from app.dialects.amounts import plain
from app.dialects.fields import field_reason
from engines import errors as w


@dataclass(frozen=True, slots=True)
class Wording:
    """One error; ``headers`` come on top of the usual ones, ``until`` says in Unix seconds when to try again."""

    status: int
    code: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()
    until: int | None = None


@singledispatch
def word(error: Exception) -> Wording:
    """Word any error; what is not foreseen is the server's and tells nothing."""
    return Wording(500, "internal_error", "Something went wrong on the server; nothing was charged.")


@word.register
def _(error: e.BadField) -> Wording:
    return Wording(400, "invalid_request", f"{error.field} {field_reason(error)}.")


@word.register
def _(error: e.Ignored) -> Wording:
    return Wording(400, "invalid_request", f"{error.field} {error.reason}.")


@word.register
def _(error: e.BadBody) -> Wording:
    return Wording(400, "invalid_request", f"The body cannot be read: {error}.")


@word.register
def _(error: e.BadRequestLine) -> Wording:
    return Wording(400, "invalid_request", "The request is no HTTP that can be read.")


@word.register
def _(error: e.BadPicture) -> Wording:
    return Wording(400, "invalid_image", f"{error.field} {error}.")


@word.register
def _(error: w.PictureTooLarge) -> Wording:
    message = f"Pictures may have at most {error.maximum} pixels, but we received {error.pixels}."
    return Wording(400, "invalid_image", message)


@word.register
def _(error: e.PromptRefused) -> Wording:
    return Wording(400, "prompt_rejected", "The prompt asks for something that is not drawn here.")


@word.register
def _(error: e.NoKey) -> Wording:
    return Wording(401, "unauthorized", "Send your API key in the header Authorization: Bearer <key>.")


@word.register
def _(error: e.UnknownKey) -> Wording:
    return Wording(401, "unauthorized", "This API key is not known, or was revoked.")


@word.register
def _(error: e.InsufficientBalance) -> Wording:
    message = f"This takes {plain(error.need)} credits, and {plain(error.have)} are left."
    return Wording(402, "insufficient_credits", message)


@word.register
def _(error: e.NotAMember) -> Wording:
    return Wording(403, "forbidden", "This API key may not do that.")


@word.register
def _(error: e.NoSuchPath) -> Wording:
    return Wording(404, "not_found", "There is no such endpoint.")


@word.register
def _(error: e.MethodRefused) -> Wording:
    return Wording(405, "method_not_allowed", f"Use {error.allowed} here.", (("Allow", error.allowed),))


@word.register
def _(error: e.HeaderTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The headers were {error}.")


@word.register
def _(error: e.BodyTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The body was {error}.", (("Connection", "close"),))


@word.register
def _(error: e.BodyTooLarge) -> Wording:
    return Wording(413, "payload_too_large", f"The body may have at most {error.limit} bytes.")


@word.register
def _(error: e.MediaTypeRefused) -> Wording:
    message = f"Send the body as {' or '.join(error.taken)}, not as {error.sent}."
    return Wording(415, "unsupported_media_type", message)


@word.register
def _(error: e.AllowanceExhausted) -> Wording:
    message = (
        f"This takes {plain(error.need)} credits, and {plain(error.left)} of today's are left; "
        "they are renewed at midnight UTC."
    )
    return Wording(429, "daily_credits_exhausted", message, until=error.resets)


@word.register
def _(error: e.RateLimited) -> Wording:
    message = f"Too many requests; try again in {error.retry_after} seconds."
    return Wording(429, "rate_limited", message, _retry(error.retry_after))


@word.register
def _(error: e.Busy) -> Wording:
    message = f"All models are busy; try again in {error.retry_after} seconds."
    return Wording(429, "busy", message, _retry(error.retry_after))


@word.register
def _(error: e.HeaderTooLarge) -> Wording:
    return Wording(431, "headers_too_large", f"The headers may have at most {error.limit} bytes.")


@word.register
def _(error: w.EngineFailed) -> Wording:
    return Wording(500, "model_failed", "The model could not finish this; nothing was charged.")


@word.register(w.UnknownEngine)
@word.register(w.TaskNotOffered)
def _(error: w.UnknownEngine | w.TaskNotOffered) -> Wording:
    """No caller names an engine: the owner of the server did, or has not installed what is asked for."""
    return Wording(503, "model_unavailable", "The model for this is not installed on this server.")


@word.register(e.StoreUnavailable)
@word.register(e.ServerStops)
def _(error: e.StoreUnavailable | e.ServerStops) -> Wording:
    return Wording(503, "unavailable", "The server cannot do this just now; nothing was charged.")


@word.register
def _(error: e.TookTooLong) -> Wording:
    return Wording(504, "timeout", f"The model was {error}; nothing was charged.")


def _retry(seconds: int) -> tuple[tuple[str, str], ...]:
    return (("Retry-After", str(seconds)),)
