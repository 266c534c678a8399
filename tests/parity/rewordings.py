"""What is said to stock Connexion in other words: keys, lengths and media types that clients send differently."""

from __future__ import annotations

from tests.parity.contracts import FORM, JSON
from tests.parity.pair import Pair, Rewording
from tests.parity.sent import Sent
from tests.parity.stock import known_key
from tests.parity.verdict import Kind


def _behind_bearer(pair: Pair) -> Sent | None:
    key = pair.sent.header("Authorization") or ""
    if pair.stock.kind is not Kind.KEY or not known_key(key) or key.startswith("Bearer "):
        return None
    return pair.sent.with_header("Authorization", f"Bearer {key.split()[-1]}")


def _measured(pair: Pair) -> Sent | None:
    if pair.sent.header("Content-Length") or not pair.sent.body:
        return None
    return pair.sent.with_header("Content-Length", str(len(pair.sent.body)))


def _named(pair: Pair) -> Sent | None:
    """Stock checks a body that it has to guess the type of, but hands it on as bytes; in capitals, it does neither."""
    media = _media(pair.sent)
    if pair.operation is None or (media and media == media.lower()):
        return None
    if media:
        content_type = pair.sent.header("Content-Type") or ""
        return pair.sent.with_header("Content-Type", content_type.replace(media, media.lower(), 1))
    return pair.sent.with_header("Content-Type", JSON) if next(iter(pair.operation.content), "") == JSON else None


def _called_json(pair: Pair) -> Sent | None:
    if pair.stock.kind is not Kind.MEDIA or pair.operation is None or JSON not in pair.operation.content:
        return None
    return None if _media(pair.sent).startswith("multipart/") else pair.sent.with_header("Content-Type", JSON)


def _in_utf_8(pair: Pair) -> Sent | None:
    content_type = pair.sent.header("Content-Type") or ""
    if "charset=" not in content_type or _media(pair.sent) == FORM:
        return None
    return pair.sent.with_header("Content-Type", _media(pair.sent))


def _media(sent: Sent) -> str:
    return (sent.header("Content-Type") or "").partition(";")[0].strip()


REWORDINGS = (
    Rewording(
        "bare keys",
        "a key is taken bare or behind Bearer, written in any case, where a contract wants it behind Bearer",
        "B05, SE01, SC23, ST01, AI01",
        _behind_bearer,
    ),
    Rewording(
        "bodies in pieces",
        "a body counts by what arrives; stock finds none where its length is not announced",
        "RFC 9112 6.3; stock: AbstractRequestBodyValidator.wrap_receive",
        _measured,
    ),
    Rewording(
        "media types left out, or in capitals",
        "a body without a media type is of the contract's first, and media types have no case; stock checks the "
        "former and hands it on unread, and hands on the latter unchecked",
        "RFC 9110 8.3.1; stock: RequestValidationOperation and MediaTypeDict",
        _named,
    ),
    Rewording(
        "JSON by another name",
        "JSON is read whatever it is called, unless it is called multipart",
        "B26, AI12",
        _called_json,
    ),
    Rewording(
        "JSON in another encoding",
        "JSON is UTF-8, whatever a charset says",
        "RFC 8259 8.1",
        _in_utf_8,
    ),
)
