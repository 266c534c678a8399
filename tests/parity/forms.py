"""Forms said in JSON: stock Connexion cannot read those of real clients, but its validator can judge what they say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from app.errors import BadBody, BadField
from app.settings import Limits
from app.web.forms import assemble, without_files
from app.web.multipart import Part, read_parts
from app.web.schema import plain
from tests.parity.contracts import FORM, JSON, Operation
from tests.parity.sent import Sent


def said_in_json(sent: Sent, operation: Operation) -> Sent | None:
    """The form as we put it together, as a JSON body with empty texts for files; None for what is no readable form."""
    try:
        value = assemble(parts_of(sent), plain(operation.content[FORM]), Limits().field_bytes)
    except (BadBody, BadField):
        return None
    return sent.with_body(json.dumps(without_files(value)).encode(), JSON)


def is_form(sent: Sent, operation: Operation) -> bool:
    """Whether the request is called a form, where the operation wants one."""
    media = (sent.header("Content-Type") or "").partition(";")[0].strip().lower()
    return FORM in operation.content and media in {FORM, ""}


def parts_of(sent: Sent) -> list[Part]:
    """Its parts. Raises ``BadBody`` for what is no form."""
    content_type = sent.header("Content-Type") or ""
    if not content_type.lower().startswith(FORM):
        raise BadBody("no form")
    return asyncio.run(read_parts(content_type, _at_once(sent.body), Limits()))


async def _at_once(body: bytes) -> AsyncIterator[bytes]:
    yield body
