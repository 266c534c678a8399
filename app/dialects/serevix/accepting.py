"""Whether a client takes a picture, and in which format."""

from __future__ import annotations

from app.dialects.serevix.refusals import NotAcceptable
from app.web.answer import PNG
from app.web.negotiation import wanted

JPEG = "image/jpeg"
FORMATS = {"png": PNG, "jpeg": JPEG}
NONE_OF_THEM = "none/of-them"


def media_type(accept: str, output_format: str | None) -> str:
    """The media type of the answer: that of ``output_format``, else PNG, or JPEG for a client that takes no PNG.

    Raises ``NotAcceptable`` for a client that takes neither; whoever says nothing takes everything.
    """
    pictures = accept.replace("*/*", "image/*") or "image/*"
    taken = [media for media in (PNG, JPEG) if wanted(pictures, (NONE_OF_THEM, media)) == media]
    if not taken:
        raise NotAcceptable(accept)
    return taken[0] if output_format is None else FORMATS[output_format]
