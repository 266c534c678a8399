"""Answers of the Stability API: artifacts as JSON or one picture as PNG, accounts, balances, engines."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import orjson

from app.accounts.model import Account
from app.dialects.amounts import plain
from app.studio import Finished
from app.web.answer import JSON, PNG, Answer
from engines.codec import encode_png
from engines.types import EngineCard

SUCCESS = "SUCCESS"
FILTERED = "CONTENT_FILTERED"


def finish_reason(picture: Finished) -> str:
    """How the service names the way a picture ended."""
    return FILTERED if picture.filtered else SUCCESS


def artifact(picture: Finished, png: bytes) -> bytes:
    """One element of ``artifacts``, keys in the recorded order, without a copy through a JSON writer."""
    reason = finish_reason(picture).encode()
    return b"".join((b'{"base64":"', b64encode(png), b'","seed":%d,"finishReason":"' % picture.seed, reason, b'"}'))


def artifact_of(picture: Finished) -> bytes:
    """Encode one picture into its artifact; runs where picture work runs."""
    return artifact(picture, encode_png(picture.pixels))


def artifacts_answer(artifacts: Sequence[bytes]) -> Answer:
    """All pictures as JSON."""
    return Answer(200, b"".join((b'{"artifacts":[', b",".join(artifacts), b"]}")), JSON)


def png_answer(picture: Finished) -> Answer:
    """One picture as it is, its seed and how it ended in headers; runs where picture work runs."""
    headers = (("Finish-Reason", finish_reason(picture)), ("Seed", str(picture.seed)))
    return Answer(200, encode_png(picture.pixels), PNG, headers)


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
