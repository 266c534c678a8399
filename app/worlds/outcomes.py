"""The table of outcomes: everything the test double can be told to answer, and the error behind each."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app import errors as e
from engines import errors as w
from engines.catalog import CARDS
from engines.prices import MICRO
from engines.sizes import Listed


class Outcome(enum.StrEnum):
    """One way in which a request can end; the value is its name in prompts, rules and documents."""

    CONTENT_FILTERED = "content_filtered"
    INVALID_PROMPTS = "invalid_prompts"
    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    CONTENT_TOO_LARGE = "content_too_large"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    CONNECTION_RESET = "connection_reset"
    EMPTY_REPLY = "empty_reply"
    TRUNCATED_PICTURE = "truncated_picture"
    WRONG_CONTENT_LENGTH = "wrong_content_length"
    INVALID_HEIGHT_OR_WIDTH = "invalid_height_or_width"
    INVALID_SDXL_V1_DIMENSIONS = "invalid_sdxl_v1_dimensions"
    INVALID_SDXL_V222_DIMENSIONS = "invalid_sdxl_v222_dimensions"
    INVALID_PIXEL_COUNT = "invalid_pixel_count"
    INVALID_SAMPLES = "invalid_samples"
    INVALID_FILE_SIZE = "invalid_file_size"
    INVALID_MIME_TYPE = "invalid_mime_type"
    INVALID_IMAGE_DIMENSIONS = "invalid_image_dimensions"
    INVALID_MASK_IMAGE = "invalid_mask_image"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TOO_MANY_REQUESTS = "too_many_requests"
    HEADERS_TOO_LARGE = "headers_too_large"


class Kind(enum.StrEnum):
    """How an outcome is played: as an error the dialect words, on the drawn picture, or on the wire."""

    ERROR = "error"
    FILTER = "filter"
    WIRE = "wire"


USUAL_MEDIA_TYPES = ("application/json",)
"""What an operation is said to read where it reads no body at all."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What errors speak of: the engine of the request, what its contract calls prompt and picture, what it reads."""

    engine: str | None = None
    prompt: str = "text_prompts"
    picture: str = "init_image"
    media_types: tuple[str, ...] = USUAL_MEDIA_TYPES


Make = Callable[[AskedFor], Exception]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``error`` makes what the dialect words, for outcomes that are errors."""

    kind: Kind
    text: str
    error: Make | None = None


_XL = next(card.sizes.allowed for card in CARDS if isinstance(card.sizes, Listed))


def _error(text: str, error: Make) -> Row:
    return Row(Kind.ERROR, text, error)


TABLE: Mapping[Outcome, Row] = {
    Outcome.CONTENT_FILTERED: Row(
        Kind.FILTER, "200 with blurred pictures marked CONTENT_FILTERED, in JSON and in headers, free of charge"
    ),
    Outcome.INVALID_PROMPTS: _error("400: a prompt holds a filtered word", lambda _: e.PromptRefused()),
    Outcome.BAD_REQUEST: _error("400: a field breaks the contract", lambda it: e.BadField(it.prompt, "required")),
    Outcome.UNAUTHORIZED: _error("401: the key is not known", lambda _: e.UnknownKey()),
    Outcome.PERMISSION_DENIED: _error("403: the key's account is not in the organization", lambda _: e.NotAMember()),
    Outcome.NOT_FOUND: _error(
        "404: the engine was retired or never existed", lambda it: w.UnknownEngine(it.engine or "understudy-not-found")
    ),
    Outcome.INSUFFICIENT_BALANCE: _error(
        "429: the balance does not cover the price", lambda _: e.InsufficientBalance(9 * MICRO // 10, 0)
    ),
    Outcome.RATE_LIMIT_EXCEEDED: _error(
        "429: too many requests in ten seconds; Retry-After says when to go on", lambda _: e.RateLimited(60)
    ),
    Outcome.CONTENT_TOO_LARGE: _error("413: the body has too many bytes", lambda _: e.BodyTooLarge(25_000_000)),
    Outcome.SERVER_ERROR: _error("500: the engine failed", lambda _: w.EngineFailed("played")),
    Outcome.UNAVAILABLE: Row(Kind.WIRE, "503 as plain text from the proxy in front of the service"),
    Outcome.TIMEOUT: Row(Kind.WIRE, "no answer at all, with the connection left open"),
    Outcome.CONNECTION_RESET: Row(Kind.WIRE, "the connection is reset before any answer"),
    Outcome.EMPTY_REPLY: Row(Kind.WIRE, "the connection is closed in good order before any answer"),
    Outcome.TRUNCATED_PICTURE: Row(Kind.WIRE, "200 with a picture that ends half-way, its headers in order"),
    Outcome.WRONG_CONTENT_LENGTH: Row(Kind.WIRE, "a Content-Length larger than the body that follows"),
    Outcome.INVALID_HEIGHT_OR_WIDTH: _error(
        "400: a side is not a multiple of 64", lambda _: w.SizeNotMultiple(64, 500, 500)
    ),
    Outcome.INVALID_SDXL_V1_DIMENSIONS: _error(
        "400: not one of the nine sizes of SDXL 1.0", lambda _: w.SizeNotListed(_XL, 512, 512)
    ),
    Outcome.INVALID_SDXL_V222_DIMENSIONS: _error(
        "400: not a size of SDXL beta", lambda _: w.OutsideBox(128, 512, 896, 1024, 1024)
    ),
    Outcome.INVALID_PIXEL_COUNT: _error(
        "400: too few or too many pixels", lambda _: w.PixelsOutOfRange(262_144, 1_048_576, 2048, 2048)
    ),
    Outcome.INVALID_SAMPLES: _error("400: several samples as one PNG", lambda _: e.TooManyPictures()),
    Outcome.INVALID_FILE_SIZE: _error(
        "400: an uploaded picture has no bytes or too many", lambda it: e.BadFileSize(it.picture, "is empty")
    ),
    Outcome.INVALID_MIME_TYPE: _error(
        "400: an uploaded file is no picture",
        lambda it: e.BadPictureType(it.picture, "must be a PNG, JPEG or WebP picture"),
    ),
    Outcome.INVALID_IMAGE_DIMENSIONS: _error(
        "400: an uploaded picture has an unusable size", lambda it: e.BadPictureSize(it.picture, "has no pixels")
    ),
    Outcome.INVALID_MASK_IMAGE: _error(
        "400: the mask is missing or does not fit",
        lambda _: e.MaskMissing("mask_image is required when mask_source is MASK_IMAGE_BLACK"),
    ),
    Outcome.METHOD_NOT_ALLOWED: _error("405: the path takes another method", lambda _: e.MethodRefused("GET, POST")),
    Outcome.REQUEST_TIMEOUT: _error(
        "408: the body did not arrive in time", lambda _: e.BodyTooSlow("not received within 60 seconds")
    ),
    Outcome.UNSUPPORTED_MEDIA_TYPE: _error(
        "415: the Content-Type is not taken", lambda it: e.MediaTypeRefused("text/plain", it.media_types)
    ),
    Outcome.TOO_MANY_REQUESTS: _error("429: every engine is busy; Retry-After says when to try", lambda _: e.Busy(5)),
    Outcome.HEADERS_TOO_LARGE: _error("431: the headers have too many bytes", lambda _: e.HeaderTooLarge(32_768)),
}

ERRORS: Mapping[Outcome, Make] = {outcome: row.error for outcome, row in TABLE.items() if row.error is not None}
"""Makes the exception of each outcome that is an error; the dialect of the path words it."""

WIRE: frozenset[Outcome] = frozenset(outcome for outcome, row in TABLE.items() if row.kind is Kind.WIRE)
"""Outcomes that no dialect words: faults of the network and answers that are not the service's own."""

NEEDS_ANSWER: frozenset[Outcome] = frozenset(
    {Outcome.CONTENT_FILTERED, Outcome.TRUNCATED_PICTURE, Outcome.WRONG_CONTENT_LENGTH}
)
"""Outcomes that change a real answer, so that the request has to be carried out first."""


def error_of(outcome: Outcome, asked_for: AskedFor = AskedFor()) -> Exception | None:
    """The exception of an outcome, or None for one that is no error."""
    make = ERRORS.get(outcome)
    return make(asked_for) if make is not None else None


def error_for(outcome: Outcome, asked_for: AskedFor, status: Callable[[Exception], int]) -> Exception | None:
    """The exception of an outcome at a service that answers with this ``status`` to an exception; None for no error.

    A service that knows no such thing, such as masks or engines by name, would call it a breakdown of its own. There
    the outcome is the nearest thing that every service knows: a path that is not there, or a broken field.
    """
    error = error_of(outcome, asked_for)
    if error is None or outcome is Outcome.SERVER_ERROR or status(error) < 500:
        return error
    return e.NoSuchPath() if outcome is Outcome.NOT_FOUND else error_of(Outcome.BAD_REQUEST, asked_for)


def describe(outcome: Outcome) -> str:
    """What a client sees, in half a sentence."""
    return TABLE[outcome].text
