"""Finished pictures as the bytes that several services send; everything here runs where picture work runs."""

from __future__ import annotations

from base64 import b64encode

from engines.codec import encode_png
from engines.types import Pixels


def base64_png(pixels: Pixels) -> bytes:
    """A PNG in base64, which needs no escaping in JSON."""
    return b64encode(encode_png(pixels))
