"""How aithriving words each error. Its document only says that there is a reason: all texts are ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from app import errors as e
from app.dialects.aithriving.refusals import PictureWithheld
from app.dialects.amounts import plain
from app.dialects.fields import field_reason
from engines import errors as w


@dataclass(frozen=True, slots=True)
class Wording:
    """One error: its HTTP status and its reason; ``headers`` come on top of the usual ones."""

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = ()


@singledispatch
def word(error: Exception) -> Wording:
    """Word any error; what is not foreseen is a server error and tells nothing."""
    return Wording(500, "The picture could not be made. Nothing was charged.")


@word.register
def _(error: e.BadField) -> Wording:
    return Wording(400, f"{error.field}: {field_reason(error)}")


@word.register
def _(error: e.Ignored) -> Wording:
    return Wording(400, f"{error.field}: {error.reason}")


@word.register
def _(error: e.BadBody) -> Wording:
    return Wording(400, f"body: {error}")


@word.register
def _(error: w.SizeNotMultiple) -> Wording:
    return Wording(400, f"width and height must be multiples of {error.multiple}")


@word.register
def _(error: e.PromptRefused) -> Wording:
    return Wording(400, "The prompt was refused by the content filter.")


@word.register
def _(error: PictureWithheld) -> Wording:
    return Wording(400, "The picture was withheld by the content filter.")


@word.register
def _(error: e.NoKey) -> Wording:
    return Wording(401, "The header Authorization is missing.")


@word.register
def _(error: e.UnknownKey) -> Wording:
    return Wording(401, "The API key is not valid.")


@word.register
def _(error: e.InsufficientBalance) -> Wording:
    need, have = plain(error.need), plain(error.have)
    return Wording(402, f"Your credits do not suffice: a picture costs {need}, and {have} are left.")


@word.register
def _(error: e.NotAMember) -> Wording:
    return Wording(403, "The API key may not do this.")


@word.register
def _(error: e.NoSuchPath) -> Wording:
    return Wording(404, "There is nothing at this path.")


@word.register
def _(error: e.MethodRefused) -> Wording:
    return Wording(405, f"Use {error.allowed} here.", (("Allow", error.allowed),))


@word.register
def _(error: e.BodyTooSlow) -> Wording:
    return Wording(408, f"The request body was {error}.", (("Connection", "close"),))


@word.register
def _(error: e.BodyTooLarge) -> Wording:
    return Wording(413, f"The request body is too large (at most {error.limit} bytes).")


@word.register
def _(error: e.MediaTypeRefused) -> Wording:
    taken = " or ".join(error.taken)
    return Wording(415, f"Content-Type must be {taken}, but we received {error.sent}")


@word.register
def _(error: e.RateLimited) -> Wording:
    return _later("Too many requests.", error.retry_after)


@word.register
def _(error: e.Busy) -> Wording:
    return _later("The service is busy.", error.retry_after)


def _later(what: str, seconds: int) -> Wording:
    return Wording(429, f"{what} Try again in {seconds} seconds.", (("Retry-After", str(seconds)),))


@word.register
def _(error: w.UnknownEngine) -> Wording:
    return Wording(503, "The engine of this service is not available.")


@word.register
def _(error: e.BadRequestLine) -> Wording:
    return Wording(400, "The request could not be understood.")


@word.register
def _(error: e.HeaderTooLarge) -> Wording:
    return Wording(431, f"The request headers are too large (at most {error.limit} bytes).")


@word.register
def _(error: e.HeaderTooSlow) -> Wording:
    return Wording(408, f"The request headers were {error}.")
