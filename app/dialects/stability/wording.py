"""How the v1 API words each error: status, name and message, in one place.

Texts marked R were seen in recorded answers of the real service, C are relied on by shipped clients, D
stand in its documentation. All others are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from app import errors as e
from app.dialects.fields import field_reason
from engines import errors as w
from engines.prices import MICRO


@dataclass(frozen=True, slots=True)
class Wording:
    """One error as v1 says it; ``headers`` come on top of the usual ones."""

    status: int
    name: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


@singledispatch
def word(error: Exception) -> Wording:
    """Word any error; what is not foreseen is a server error and tells nothing (D)."""
    return Wording(500, "server_error", "An unexpected server error occurred, please try again.")


@word.register
def _(error: e.BadField) -> Wording:
    return Wording(400, "bad_request", f"{error.field}: {field_reason(error)}")  # D


@word.register
def _(error: e.Ignored) -> Wording:
    return Wording(400, "bad_request", f"{error.field}: {error.reason}")


@word.register
def _(error: e.BadBody) -> Wording:
    return Wording(400, "bad_request", f"body: {error}")


@word.register
def _(error: e.BadRequestLine) -> Wording:
    return Wording(400, "bad_request", "The request could not be understood.")


@word.register
def _(error: e.HeaderTooLarge) -> Wording:
    return Wording(431, "headers_too_large", f"The request headers are too large (at most {error.limit} bytes).")


@word.register
def _(error: e.HeaderTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The request headers were {error}.")


@word.register
def _(error: e.BodyTooSlow) -> Wording:
    return Wording(408, "request_timeout", f"The request body was {error}.", (("Connection", "close"),))


@word.register
def _(error: e.BodyTooLarge) -> Wording:
    return Wording(413, "content_too_large", f"The request body is too large (at most {error.limit} bytes).")


@word.register
def _(error: e.MediaTypeRefused) -> Wording:
    taken = " or ".join(error.taken)
    return Wording(415, "unsupported_media_type", f"Content-Type must be {taken}, but we received {error.sent}")


@word.register
def _(error: e.NoSuchPath) -> Wording:
    return Wording(404, "not_found", "The requested path was not found.")


@word.register
def _(error: e.MethodRefused) -> Wording:
    return Wording(405, "method_not_allowed", f"Use {error.allowed} here.", (("Allow", error.allowed),))


@word.register
def _(error: e.BadPicture) -> Wording:
    return Wording(400, "bad_request", f"{error.field}: {error}")


@word.register
def _(error: e.BadPictureType) -> Wording:
    return Wording(400, "invalid_mime_type", f"{error.field}: {error}")


@word.register
def _(error: e.BadFileSize) -> Wording:
    return Wording(400, "invalid_file_size", f"{error.field}: {error}")


@word.register
def _(error: e.BadPictureSize) -> Wording:
    return Wording(400, "invalid_image_dimensions", f"{error.field}: {error}")


@word.register
def _(error: w.PictureTooLarge) -> Wording:
    return Wording(
        400, "invalid_pixel_count", f"pictures may have at most {error.maximum} pixels, we received {error.pixels}"
    )


@word.register
def _(error: e.MaskMissing) -> Wording:
    return Wording(400, "invalid_mask_image", str(error))


@word.register
def _(error: e.TooManyPictures) -> Wording:
    return Wording(400, "invalid_samples", "samples must be 1 when the Accept header is image/png")


@word.register
def _(error: e.NoKey) -> Wording:
    return Wording(401, "unauthorized", "missing authorization header")  # D


@word.register
def _(error: e.UnknownKey) -> Wording:
    return Wording(401, "unauthorized", "Incorrect API key provided")  # R


@word.register
def _(error: e.NotAMember) -> Wording:
    return Wording(403, "permission_denied", "You do not have permission to access this resource")  # D


@word.register
def _(error: e.InsufficientBalance) -> Wording:
    need, have = dollars(error.need), dollars(error.have)
    message = (
        "Your organization does not have enough balance to request this action "
        f"(need ${need}, have $0 in active grants, ${have} in balance)."
    )
    return Wording(429, "insufficient_balance", message)  # R


def dollars(micro_credits: int) -> str:
    """Micro-credits as dollars without trailing zeros: a credit is a cent."""
    whole, rest = divmod(micro_credits, 100 * MICRO)
    return f"{whole}.{rest:08d}".rstrip("0").rstrip(".")


@word.register
def _(error: e.RateLimited) -> Wording:
    message = f"You have exceeded the rate limit, please try again in {error.retry_after} seconds."
    return Wording(429, "rate_limit_exceeded", message, _retry(error.retry_after))


@word.register
def _(error: e.Busy) -> Wording:
    message = f"All engines are busy, please try again in {error.retry_after} seconds."
    return Wording(429, "too_many_requests", message, _retry(error.retry_after))


def _retry(seconds: int) -> tuple[tuple[str, str], ...]:
    return (("Retry-After", str(seconds)),)


@word.register
def _(error: e.PromptRefused) -> Wording:
    return Wording(400, "invalid_prompts", "Invalid prompts detected")  # C: compared with ==


@word.register
def _(error: e.NotTheService) -> Wording:
    return Wording(error.status, error.code, error.message)


@word.register
def _(error: w.UnknownEngine) -> Wording:
    return Wording(404, "not_found", f"The specified engine (ID {error.engine_id}) was not found.")  # R


@word.register
def _(error: w.RequestRefused) -> Wording:
    return Wording(400, "bad_request", str(error))


@word.register
def _(error: w.TaskNotOffered) -> Wording:
    message = f"engine_id: the specified engine (ID {error.engine_id}) does not support {error.task}"
    return Wording(400, "bad_request", message)


@word.register
def _(error: w.SizeNotMultiple) -> Wording:
    message = f"height and width must be specified in increments of {error.multiple}"
    return Wording(400, "invalid_height_or_width", message)  # R


@word.register
def _(error: w.SideOutOfRange) -> Wording:
    limits = f"at least {error.minimum}" if error.maximum is None else f"between {error.minimum} and {error.maximum}"
    message = f"height and width must be {limits}, but we received {error.width}x{error.height}"
    return Wording(400, "invalid_height_or_width", message)


@word.register
def _(error: w.PixelsOutOfRange) -> Wording:
    message = (
        f"the number of pixels must be between {error.minimum} and {error.maximum}, "
        f"but we received {error.width * error.height} ({error.width}x{error.height})"
    )
    return Wording(400, "invalid_pixel_count", message)


@word.register
def _(error: w.SizeNotListed) -> Wording:
    listed = ", ".join(f"{width}x{height}" for width, height in error.allowed)
    message = (
        "for stable-diffusion-xl-1024-v0-9 and stable-diffusion-xl-1024-v1-0 the allowed dimensions are "
        f"{listed}, but we received {error.width}x{error.height}"
    )
    return Wording(400, "invalid_sdxl_v1_dimensions", message)  # R


@word.register
def _(error: w.OutsideBox) -> Wording:
    message = (
        f"for stable-diffusion-xl-beta-v2-2-2 no side may be less than {error.minimum}, only one may be greater than "
        f"{error.short} and none greater than {error.long}, but we received {error.width}x{error.height}"
    )
    return Wording(400, "invalid_sdxl_v222_dimensions", message)


@word.register
def _(error: w.SamplerRefused) -> Wording:
    return Wording(400, "bad_request", f"sampler: {error}")


@word.register
def _(error: w.StepsOutOfRange) -> Wording:
    return Wording(400, "bad_request", f"steps: must be between {error.minimum} and {error.maximum}")
