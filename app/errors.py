"""Everything the counter raises on purpose: facts under stable codes, worded by the dialect at the edge."""

from __future__ import annotations


class CounterError(Exception):
    """The root of the counter's errors; ``code`` never changes, wording does."""

    code = "internal"


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


class BadPicture(CounterError):
    """An uploaded picture cannot be used; ``field`` says which."""

    code = "bad_picture"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class BadPictureType(BadPicture):
    """The bytes are no picture, or of a kind we do not read."""

    code = "bad_picture_type"


class BadFileSize(BadPicture):
    """The picture has too many bytes, or none."""

    code = "bad_file_size"


class BadPictureSize(BadPicture):
    """The picture has a size that cannot be used."""

    code = "bad_picture_size"


class MaskMissing(CounterError):
    """The mask source promises a mask picture and there is none, or it does not fit."""

    code = "bad_mask"


class TooManyPictures(CounterError):
    """One binary picture was asked for, and several samples."""

    code = "too_many_pictures"


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


class NoKey(CounterError):
    """The request carries no API key."""

    code = "no_key"


class UnknownKey(CounterError):
    """The API key is not one of ours, or was revoked."""

    code = "unknown_key"


class NotAMember(CounterError):
    """The caller does not belong to the organization it names."""

    code = "not_a_member"


class InsufficientBalance(CounterError):
    """The organization cannot pay; both figures in micro-credits."""

    code = "insufficient_balance"

    def __init__(self, need: int, have: int) -> None:
        super().__init__(f"need {need}, have {have}")
        self.need = need
        self.have = have


class AllowanceExhausted(CounterError):
    """What may be spent in a day is spent; figures in micro-credits, ``resets`` in Unix seconds."""

    code = "allowance_exhausted"

    def __init__(self, need: int, left: int, resets: int) -> None:
        super().__init__(f"need {need}, {left} left until {resets}")
        self.need = need
        self.left = left
        self.resets = resets


class RateLimited(CounterError):
    """Too many requests in a short time; ``retry_after`` in whole seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class Busy(CounterError):
    """Every place in the queue is taken; ``retry_after`` in whole seconds."""

    code = "busy"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class TookTooLong(CounterError):
    """The generation did not finish within the request time."""

    code = "took_too_long"


class ServerStops(CounterError):
    """The server is stopped before the work is done."""

    code = "server_stops"


class PromptRefused(CounterError):
    """A prompt holds a word that is filtered."""

    code = "prompt_refused"


class StoreUnavailable(CounterError):
    """Redis does not answer."""

    code = "store_unavailable"


class FetchRefused(CounterError):
    """A URL of a caller's is not asked for, or its answer not taken; the message names neither URL nor address.

    ``reason`` is ``url`` (cannot be read), ``scheme``, ``credentials``, ``port``, ``host`` (unknown, or none that
    may be asked), ``redirects`` (too many), ``downgrade`` (from https to http), ``encoded`` or ``too_large``.
    """

    code = "fetch_refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class FetchFailed(CounterError):
    """A URL of a caller's was asked for, and no picture came; the message names neither URL nor address.

    ``reason`` is ``unreachable``, ``status`` (another than 200), ``slow`` or ``broken``.
    """

    code = "fetch_failed"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class BadCursor(CounterError):
    """A cursor into a list was not made by us."""

    code = "bad_cursor"


class GalleryUnavailable(CounterError):
    """The folder of finished pictures cannot be written or read: full, gone, or not ours."""

    code = "gallery_unavailable"


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


class NotTheService(CounterError):
    """Record or replay has no answer of the real service; what is said instead is the same in every dialect.

    ``status`` and ``code`` are no service's own, so that no client takes them for one of its answers.
    ``message`` may quote the request, which the exception's text, made for logs, does not.
    """

    status = 500

    def __init__(self, fact: str, message: str) -> None:
        super().__init__(fact)
        self.message = message


class NoRecording(NotTheService):
    """Nothing that was recorded matches."""

    code = "no_recording"
    status = 501


class SpendingCapReached(NotTheService):
    """What is asked for could cost more than recordings may cost."""

    code = "spending_cap_reached"
    status = 429


class UpstreamFailed(NotTheService):
    """The real service gave no answer that could be passed on; ``asked`` says whether it may have got the request."""

    code = "upstream_failed"
    status = 502

    def __init__(self, fact: str, *, asked: bool) -> None:
        super().__init__(fact, f"The upstream gave no answer: {fact}.")
        self.asked = asked


class UpstreamTooSlow(UpstreamFailed):
    """The real service did not answer in time."""

    code = "upstream_timeout"
    status = 504
