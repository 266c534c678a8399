"""How Stablecog words each error: status, code and description, in one place.

Codes marked S stand in the service's open code, as do the keys of an error. All others are ours, and so are the
descriptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from app import errors as e
from app.dialects.amounts import plain
from app.dialects.fields import field_reason
from app.dialects.stablecog import refusals as r
from app.dialects.stablecog.pictures import FIELD
from engines import errors as w

UNREADABLE = "image_url_width_height_error"
"""S: a picture that cannot be fetched or measured."""
SPOKEN = frozenset({"url", "scheme", "credentials", "port", "host"})
"""The reasons for not fetching that lie in the URL itself."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One error as the service says it; ``headers`` come on top of the usual ones."""

    status: int
    code: str
    description: str
    headers: tuple[tuple[str, str], ...] = ()


@singledispatch
def word(_: Exception) -> Wording:
    """Word any error; what is not foreseen is a server error and tells nothing."""
    return Wording(500, "unknown_error", "Something went wrong on the server; try again.")  # S


@word.register
def _(error: e.BadField) -> Wording:
    if error.rule == "required" or (error.field == "prompt" and error.rule == "minLength"):
        return Wording(400, f"{error.field}_required", f"{error.field} {field_reason(error)}.")
    if error.rule == "additionalProperties":
        return Wording(400, f"invalid_{error.field}", f"{error.field} holds a parameter that this path does not have.")
    return Wording(400, f"invalid_{error.field}", f"{error.field} {field_reason(error)}.")  # S for the ids and the URL


@word.register
def _(error: e.Ignored) -> Wording:
    return Wording(400, f"invalid_{error.place}", f"{error.field} {error.reason}.")


@word.register
def _(error: e.BadBody) -> Wording:
    return Wording(400, "json_parse_error", f"The body is {error}.")  # S


@word.register
def _(error: e.BadRequestLine) -> Wording:
    return Wording(400, "bad_request", "The request could not be understood.")


@word.register
def _(error: e.HeaderTooLarge) -> Wording:
    return Wording(431, "headers_too_large", f"The headers have more than {error.limit} bytes.")


@word.register
def _(error: e.HeaderTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The headers were {error}.")


@word.register
def _(error: e.BodyTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The body was {error}.", (("Connection", "close"),))


@word.register
def _(error: e.BodyTooLarge) -> Wording:
    return Wording(413, "content_too_large", f"The body has more than {error.limit} bytes.")


@word.register
def _(error: e.MediaTypeRefused) -> Wording:
    return Wording(415, "unsupported_media_type", f"Send {' or '.join(error.taken)}, not {error.sent}.")


@word.register
def _(error: e.NoSuchPath) -> Wording:
    return Wording(404, "not_found", "There is nothing at this path.")


@word.register
def _(error: r.NoSuchOutput) -> Wording:
    return Wording(404, "not_found", "No picture is shown here, no longer or never.")


@word.register
def _(error: e.MethodRefused) -> Wording:
    return Wording(405, "method_not_allowed", f"Use {error.allowed}.", (("Allow", error.allowed),))


@word.register
def _(error: e.NoKey) -> Wording:
    return Wording(401, "Unauthorized", "Send your API key: Authorization: Bearer <key>.")  # S


@word.register
def _(error: e.UnknownKey) -> Wording:
    return Wording(401, "Unauthorized", "The API key is not one of this server's.")  # S


@word.register
def _(error: e.NotAMember) -> Wording:
    return Wording(403, "Forbidden", "The organization is not one of yours.")  # S


@word.register
def _(error: e.InsufficientBalance) -> Wording:
    have, need = plain(error.have), plain(error.need)
    return Wording(400, "insufficient_credits", f"{need} credits are needed, {have} are left.")  # S, and the status


@word.register
def _(error: e.RateLimited) -> Wording:
    return _later("too_many_requests", "Too many requests.", error.retry_after)


@word.register
def _(error: e.Busy) -> Wording:
    return _later("queue_limit_reached", "The queue is full.", error.retry_after)  # S


def _later(code: str, what: str, seconds: int) -> Wording:
    return Wording(429, code, f"{what} Try again in {seconds} seconds.", (("Retry-After", str(seconds)),))


@word.register
def _(error: e.TookTooLong) -> Wording:
    return Wording(500, "TIMEOUT", f"The pictures were {error}.")  # S, and the status


@word.register
def _(error: e.PromptRefused) -> Wording:
    return Wording(400, "nsfw_prompt", "The prompt holds a word that is filtered.")  # S


@word.register
def _(error: r.AllFiltered) -> Wording:
    return Wording(400, "NSFW", "Every picture was filtered.")  # S; there the status is 500


@word.register
def _(error: r.UnknownModel) -> Wording:
    return Wording(400, "invalid_model_id", f"There is {error}; see /v1/image/generation/models.")  # S


@word.register
def _(error: w.TaskNotOffered) -> Wording:
    return Wording(400, "invalid_model_id", f"{error}.")


@word.register
def _(error: r.UnknownScheduler) -> Wording:
    return Wording(400, "invalid_scheduler_id", f"{error}; see /v1/image/generation/models.")  # S


@word.register
def _(error: r.TooManyPixelSteps) -> Wording:
    return Wording(400, "too_many_pixel_steps", f"{error}.")


@word.register
def _(error: w.SizeNotMultiple) -> Wording:
    side = "width" if error.width % error.multiple else "height"
    return Wording(400, f"invalid_{side}", f"{side} must be a multiple of {error.multiple}.")


@word.register
def _(error: w.RequestRefused) -> Wording:
    return Wording(400, "bad_request", f"{error}.")


@word.register
def _(error: r.InitImageGone) -> Wording:
    return Wording(400, "init_image_not_found", f"{FIELD}: no picture is shown there, no longer or never.")  # S


@word.register
def _(error: e.FetchRefused) -> Wording:
    return Wording(400, f"invalid_{FIELD}" if error.reason in SPOKEN else UNREADABLE, f"{FIELD}: {error}.")


@word.register
def _(error: e.FetchFailed) -> Wording:
    return Wording(400, UNREADABLE, f"{FIELD}: {error}.")


@word.register
def _(error: e.BadPicture) -> Wording:
    return Wording(400, UNREADABLE, f"{FIELD}: the file {error}.")


@word.register
def _(error: w.PictureTooLarge) -> Wording:
    return Wording(400, UNREADABLE, f"{FIELD}: the picture has {error}.")


@word.register
def _(error: e.BadCursor) -> Wording:
    return Wording(400, "invalid_cursor", "cursor is none that a page of this list has ended with.")
