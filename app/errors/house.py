"""What the server itself cannot do now: places, time, store, gallery, recordings."""

from __future__ import annotations

from app.errors.root import CounterError


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


class StoreUnavailable(CounterError):
    """Redis does not answer."""

    code = "store_unavailable"


class GalleryUnavailable(CounterError):
    """The folder of finished pictures cannot be written or read: full, gone, or not ours."""

    code = "gallery_unavailable"


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
