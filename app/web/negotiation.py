"""Which of the media types we offer a client wants; it is never a reason to refuse."""

from __future__ import annotations


def wanted(accept: str, offers: tuple[str, ...]) -> str:
    """The offer with the highest quality in ``accept``; the first offer for anything unclear.

    Absent, empty, ``*/*``, unknown or malformed: the first offer. Of equal qualities a type that is
    named wins over a wildcard, and an earlier offer over a later one.
    """
    best, rank = offers[0], (0.0, 0)
    for entry in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in entry.split(";"))
        quality = _quality(parameters)
        for offer in offers:
            score = (quality, _precision(media, offer))
            if quality and score[1] and score > rank:
                best, rank = offer, score
                break
    return best


def _precision(media: str, offer: str) -> int:
    if media == offer:
        return 3
    if media == offer.split("/", maxsplit=1)[0] + "/*":
        return 2
    return 1 if media == "*/*" else 0


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
