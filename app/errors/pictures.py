"""What pictures that callers send, or have fetched, can be refused for."""

from __future__ import annotations

from app.errors.root import CounterError


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
