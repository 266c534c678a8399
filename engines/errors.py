"""What can go wrong in the workshop, as named exceptions that carry the facts, not the wording."""

from __future__ import annotations


class EngineError(Exception):
    """The root of everything the workshop raises on purpose."""


class UnknownEngine(EngineError):
    """No engine has this id."""

    def __init__(self, engine_id: str) -> None:
        super().__init__(f"no engine {engine_id!r}")
        self.engine_id = engine_id


class EngineNotReady(UnknownEngine):
    """The engine is known, and its weights are not on the disk; callers are told what they are told of no engine."""


class EngineFailed(EngineError):
    """The engine took the request and could not finish it."""


class RequestRefused(EngineError):
    """The request is well formed, but this engine cannot do it."""


class TaskNotOffered(RequestRefused):
    """The engine exists but does not do this task."""

    def __init__(self, engine_id: str, task: str) -> None:
        super().__init__(f"{engine_id} does not offer {task}")
        self.engine_id = engine_id
        self.task = task


class SizeRefused(RequestRefused):
    """A width and height the engine cannot work with, in pixels."""

    def __init__(self, message: str, width: int, height: int) -> None:
        super().__init__(message)
        self.width = width
        self.height = height


class SizeNotMultiple(SizeRefused):
    """A side is not a multiple of what the engine works in."""

    def __init__(self, multiple: int, width: int, height: int) -> None:
        super().__init__(f"sides must be multiples of {multiple}, got {width}x{height}", width, height)
        self.multiple = multiple


class SideOutOfRange(SizeRefused):
    """A side is shorter or longer than the engine takes."""

    def __init__(self, minimum: int, maximum: int | None, width: int, height: int) -> None:
        super().__init__(f"sides must lie in {minimum}..{maximum}, got {width}x{height}", width, height)
        self.minimum = minimum
        self.maximum = maximum


class PixelsOutOfRange(SizeRefused):
    """The picture has too few or too many pixels for the engine."""

    def __init__(self, minimum: int, maximum: int, width: int, height: int) -> None:
        super().__init__(f"pixels must lie in {minimum}..{maximum}, got {width}x{height}", width, height)
        self.minimum = minimum
        self.maximum = maximum


class SizeNotListed(SizeRefused):
    """The engine works in a few fixed sizes and this is none of them."""

    def __init__(self, allowed: tuple[tuple[int, int], ...], width: int, height: int) -> None:
        listed = ", ".join(f"{w}x{h}" for w, h in allowed)
        super().__init__(f"sizes are {listed}, got {width}x{height}", width, height)
        self.allowed = allowed


class OutsideBox(SizeRefused):
    """The engine takes one long side at most, and it is too long, or both sides are long."""

    def __init__(self, minimum: int, short: int, long: int, width: int, height: int) -> None:
        super().__init__(f"at most {short}x{long} or {long}x{short}, got {width}x{height}", width, height)
        self.minimum = minimum
        self.short = short
        self.long = long


class StepsOutOfRange(RequestRefused):
    """More or fewer steps than the engine takes."""

    def __init__(self, minimum: int, maximum: int, steps: int) -> None:
        super().__init__(f"steps must lie in {minimum}..{maximum}, got {steps}")
        self.minimum = minimum
        self.maximum = maximum
        self.steps = steps


class SamplerRefused(RequestRefused):
    """The engine has no such sampler, or not together with the other parameters."""

    def __init__(self, message: str, sampler: str) -> None:
        super().__init__(message)
        self.sampler = sampler


class PictureUnreadable(EngineError):
    """Bytes that were meant to be a picture are not one we can decode."""


class PictureTooLarge(EngineError):
    """A picture whose header promises more pixels than may be decoded."""

    def __init__(self, pixels: int, maximum: int) -> None:
        super().__init__(f"{pixels} pixels, at most {maximum} are decoded")
        self.pixels = pixels
        self.maximum = maximum
