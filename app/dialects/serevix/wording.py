"""How the gateway words each error. The document of the service gives none of these texts: all are ours.

Names and statuses are those that clients of gateways for many models know: one object ``error`` with a
message, a type, the field that is wrong and a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from app import errors as e
from app.dialects.amounts import plain
from app.dialects.fields import field_reason
from app.dialects.serevix.refusals import NotAcceptable
from engines import errors as w

INVALID = "invalid_request_error"
CODES = {"required": "missing_parameter", "exclusive": "unsupported_parameter"}
"""What kind of mistake a broken rule is; any other is ``invalid_parameter``."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One error as the gateway says it; ``headers`` come on top of the usual ones."""

    status: int
    code: str
    message: str
    param: str | None = None
    type: str = INVALID
    headers: tuple[tuple[str, str], ...] = ()


@singledispatch
def word(error: Exception) -> Wording:
    """Word any error; what is not foreseen is a server error and tells nothing."""
    return Wording(500, "server_error", "The picture could not be made. Nothing was charged.", type="server_error")


@word.register
def _(error: e.BadField) -> Wording:
    code = CODES.get(error.rule, "invalid_parameter")
    return Wording(400, code, f"{error.field}: {field_reason(error)}", error.field)


@word.register
def _(error: e.Ignored) -> Wording:
    return Wording(400, "invalid_parameter", f"{error.field}: {error.reason}", error.field)


@word.register
def _(error: e.BadBody) -> Wording:
    return Wording(400, "invalid_body", f"body: {error}")


@word.register
def _(error: e.BadPicture) -> Wording:
    return Wording(400, "invalid_image", f"{error.field}: {error}", error.field)


@word.register
def _(error: e.BadFileSize) -> Wording:
    return Wording(400, "invalid_file_size", f"{error.field}: {error}", error.field)


@word.register
def _(error: e.BadPictureSize) -> Wording:
    return Wording(400, "invalid_image_size", f"{error.field}: {error}", error.field)


@word.register
def _(error: w.PictureTooLarge) -> Wording:
    message = f"image: at most {error.maximum} pixels are read, but we received {error.pixels}"
    return Wording(400, "invalid_image_size", message, "image")


@word.register
def _(error: e.PromptRefused) -> Wording:
    return Wording(400, "content_policy_violation", "Your request was refused by the content filter.", "prompt")


@word.register
def _(error: w.RequestRefused) -> Wording:
    return Wording(400, "invalid_parameter", f"The model cannot draw this: {error}.")


@word.register
def _(error: w.TaskNotOffered) -> Wording:
    message = f"The model {error.engine_id} does not support {error.task}."
    return Wording(400, "unsupported_mode", message, "mode")


@word.register
def _(error: w.SizeRefused) -> Wording:
    return Wording(400, "unsupported_size", f"The model cannot draw this: {error}.", "aspect_ratio")


@word.register
def _(error: w.UnknownEngine) -> Wording:
    return Wording(404, "model_not_found", f"The model {error.engine_id} does not exist.", "model")


@word.register
def _(error: e.NoKey) -> Wording:
    message = "No API key was sent. Use the header Authorization: Bearer YOUR_API_KEY."
    return Wording(401, "missing_api_key", message, type="authentication_error")


@word.register
def _(error: e.UnknownKey) -> Wording:
    return Wording(401, "invalid_api_key", "The API key is not valid.", type="authentication_error")


@word.register
def _(error: e.NotAMember) -> Wording:
    return Wording(403, "permission_denied", "The API key may not do this.", type="permission_error")


@word.register
def _(error: e.InsufficientBalance) -> Wording:
    need, have = plain(error.need), plain(error.have)
    message = f"Your credits do not suffice: this picture costs {need}, and {have} are left."
    return Wording(429, "insufficient_quota", message, type="insufficient_quota")


@word.register
def _(error: e.RateLimited) -> Wording:
    message = f"Too many requests. Try again in {error.retry_after} seconds."
    return _later("rate_limit_exceeded", message, error.retry_after)


@word.register
def _(error: e.Busy) -> Wording:
    message = f"All models are busy. Try again in {error.retry_after} seconds."
    return _later("server_busy", message, error.retry_after)


def _later(code: str, message: str, seconds: int) -> Wording:
    return Wording(429, code, message, type="rate_limit_error", headers=(("Retry-After", str(seconds)),))


@word.register
def _(error: e.NoSuchPath) -> Wording:
    return Wording(404, "not_found", "There is nothing at this path.")


@word.register
def _(error: e.MethodRefused) -> Wording:
    return Wording(405, "method_not_allowed", f"Use {error.allowed} here.", headers=(("Allow", error.allowed),))


@word.register
def _(error: NotAcceptable) -> Wording:
    return Wording(406, "not_acceptable", f"Accept must be image/*, but we received {error.accept}")


@word.register
def _(error: e.BodyTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The request body was {error}.", headers=(("Connection", "close"),))


@word.register
def _(error: e.BodyTooLarge) -> Wording:
    return Wording(413, "content_too_large", f"The request body is too large (at most {error.limit} bytes).")


@word.register
def _(error: e.MediaTypeRefused) -> Wording:
    taken = " or ".join(error.taken)
    return Wording(415, "unsupported_media_type", f"Content-Type must be {taken}, but we received {error.sent}")


@word.register
def _(error: e.BadRequestLine) -> Wording:
    return Wording(400, "bad_request", "The request could not be understood.")


@word.register
def _(error: e.HeaderTooLarge) -> Wording:
    return Wording(431, "headers_too_large", f"The request headers are too large (at most {error.limit} bytes).")


@word.register
def _(error: e.HeaderTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The request headers were {error}.")
