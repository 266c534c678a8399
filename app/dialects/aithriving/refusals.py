"""What only this service refuses."""

from __future__ import annotations

from app.errors import CounterError


class PictureWithheld(CounterError):
    """The picture trips the filter; the service has no field that could say so beside a picture."""

    code = "picture_withheld"
