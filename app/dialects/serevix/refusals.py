"""What only this service refuses."""

from __future__ import annotations

from app.errors import CounterError


class NotAcceptable(CounterError):
    """The client takes none of the formats that a picture can have."""

    code = "not_acceptable"

    def __init__(self, accept: str) -> None:
        super().__init__(f"Accept: {accept[:200]!r}")
        self.accept = accept
