"""The limits of one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from app.environment import Environment


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost us before we look at what it wants."""

    body_bytes: int = 25_000_000
    parts: int = 256
    field_bytes: int = 1_000_000
    file_bytes: int = 10_000_000
    picture_pixels: int = 16_777_216
    header_bytes: int = 32_768
    generations: int = 0
    """How many generations run at once in one process; 0 is one for every processor."""
    queue: int = 128
    request_seconds: float = 120.0
    body_seconds: float = 60.0
    header_seconds: float = 10.0
    answer_seconds: float = 120.0

    @classmethod
    def of(cls, read: Environment, patience: float) -> Self:
        """The limits in the environment; ``patience`` is how long a request may take where nothing is said."""
        return cls(
            body_bytes=read.whole("UNDERSTUDY_MAX_BODY", 25_000_000, 1024, 2**31),
            parts=read.whole("UNDERSTUDY_MAX_PARTS", 256, 1, 100_000),
            field_bytes=read.whole("UNDERSTUDY_MAX_FIELD", 1_000_000, 1024, 2**31),
            file_bytes=read.whole("UNDERSTUDY_MAX_FILE", 10_000_000, 1024, 2**31),
            picture_pixels=read.whole("UNDERSTUDY_MAX_PIXELS", 16_777_216, 4096, 2**31),
            header_bytes=read.whole("UNDERSTUDY_MAX_HEADER", 32_768, 1024, 2**20),
            generations=read.whole("UNDERSTUDY_GENERATIONS", 0, 0, 1024),
            queue=read.whole("UNDERSTUDY_QUEUE", 128, 0, 1_000_000),
            request_seconds=read.number("UNDERSTUDY_REQUEST_SECONDS", patience, 0.01, 86_400),
            body_seconds=read.number("UNDERSTUDY_BODY_SECONDS", 60.0, 0.01, 86_400),
            header_seconds=read.number("UNDERSTUDY_HEADER_SECONDS", 10.0, 0.01, 86_400),
            answer_seconds=read.number("UNDERSTUDY_ANSWER_SECONDS", 120.0, 0.01, 86_400),
        )
