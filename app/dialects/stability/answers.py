"""Answers of the Stability API: artifacts as JSON or one picture as PNG, accounts, balances, engines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from app.accounts.model import Account
from app.dialects.amounts import plain
from app.studio import Finished
from app.web.answer import JSON, PNG, Answer
from engines.types import EngineCard

SUCCESS = "SUCCESS"
FILTERED = "CONTENT_FILTERED"


def finish_reason(picture: Finished) -> str:
    """How the service names the way a picture ended."""
    return FILTERED if picture.filtered else SUCCESS


def artifacts_answer(pictures: Sequence[Finished], encoded: Sequence[bytes]) -> Answer:
    """All pictures as JSON, ``encoded`` in base64; keys in the recorded order, no copy through a JSON writer.

    Runs where picture work runs: there may be megabytes to copy.
    """
    pieces: list[bytes] = []
    for picture, data in zip(pictures, encoded, strict=True):
        tail = b'","seed":%d,"finishReason":"%b"}' % (picture.seed, finish_reason(picture).encode())
        pieces += (b',{"base64":"', data, tail)
    pieces[0] = b'{"artifacts":[{"base64":"'
    return Answer(200, b"".join([*pieces, b"]}"]), JSON)


def png_answer(picture: Finished, png: bytes) -> Answer:
    """One picture as it is, its seed and how it ended in headers."""
    headers = (("Finish-Reason", finish_reason(picture)), ("Seed", str(picture.seed)))
    return Answer(200, png, PNG, headers)


def engine_row(card: EngineCard) -> dict[str, str]:
    """One engine, keys in the recorded order."""
    return {"description": card.description, "id": card.id, "name": card.name, "type": "PICTURE"}


def account_body(account: Account) -> dict[str, Any]:
    """The account of the caller, keys in the recorded order."""
    organizations = [
        {"id": one.id, "name": one.name, "role": one.role.value, "is_default": one.is_default}
        for one in account.memberships
    ]
    return {
        "email": account.email,
        "id": account.id,
        "organizations": organizations,
        "profile_picture": account.picture,
    }


def balance_answer(micro_credits: int) -> Answer:
    """The balance in credits as an exact decimal number; a whole one without a point, so zero is ``0``."""
    return Answer(200, b'{"credits":' + plain(micro_credits).encode() + b"}", JSON)


def error_body(identity: str, name: str, message: str) -> bytes:
    """The three-key error of v1 and v1beta."""
    return orjson.dumps({"id": identity, "message": message, "name": name})
