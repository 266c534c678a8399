"""How far a prompt is read: as far as the text encoder of Stable Diffusion reads, which takes 77 tokens."""

from __future__ import annotations

import re
from dataclasses import replace

from engines.types import GenerationRequest

LENGTH = 75
"""The encoder's 77 tokens without the two that mark beginning and end."""

# CLIP splits a text like this and then rare words into pieces. Its list of pieces is not at hand
# here, so a rare word counts once.
_TOKEN = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\s\w]|_)+", re.IGNORECASE)


def read(request: GenerationRequest) -> GenerationRequest:
    """The request with every prompt cut where the encoder stops."""
    return replace(request, prompts=tuple(replace(one, text=cut(one.text)) for one in request.prompts))


def cut(text: str) -> str:
    """The text up to and including its 75th token."""
    for count, token in enumerate(_TOKEN.finditer(text)):
        if count == LENGTH:
            return text[: token.start()].rstrip()
    return text
