"""What an answer to bad input has to look like, whatever the input was."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from app.web.contract import territories
from app.web.routing import Territories
from app.web.schema import plain
from tests.fuzz.contract_bodies import whole
from tests.fuzz.wires import Reply
from tests.running import SERVICES, VERSIONS, document

SIGNATURES = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}
HEX_ID = re.compile(r"[0-9a-f]{32}")
GOA_ID = re.compile(r"[A-Za-z0-9_-]{8}")
GOA_KEYS = {"name", "id", "message", "temporary", "timeout", "fault"}


def complaint(reply: Reply, wire: bytes) -> str | None:
    """What is wrong with an answer; nothing if it is what its version promises."""
    if reply.status >= 500:
        return f"status {reply.status}"
    if not reply.complete:
        return None
    if wire[:5].upper() == b"HEAD " or reply.status == 204:
        return "a body where none belongs" if reply.body else None
    if reply.status == 200:
        return _complaint_about_success(reply)
    return _complaint_about_error(reply, target(wire))


def target(wire: bytes) -> bytes:
    """What stands where a request has its path."""
    words = wire.partition(b"\r\n")[0].split(b" ")
    return words[1] if len(words) > 1 else b""


def _complaint_about_success(reply: Reply) -> str | None:
    kind = reply.headers.get("content-type", "")
    if kind == "application/json":
        json.loads(reply.body)
        return None
    if kind in SIGNATURES:
        return None if reply.body.startswith(SIGNATURES[kind]) else f"no {kind}"
    return f"200 of type {kind!r}"


def _complaint_about_error(reply: Reply, path: bytes) -> str | None:
    if reply.headers.get("content-type") != "application/json":
        return f"{reply.status} of type {reply.headers.get('content-type')!r}"
    error = json.loads(reply.body)
    wanted = _contract_of(path)
    contracts = [wanted] if wanted else [*VERSIONS, *SERVICES]
    if not any(_is_of(contract, error, reply) for contract in contracts):
        return f"not the error shape of {wanted or 'any contract'}: {error}"
    return "an empty message" if error.get("message", "something") == "" else None


def _contract_of(path: bytes) -> str | None:
    """Whose words a plain path calls for; a disguised one (escapes, other forms) may have those of any contract."""
    if not re.fullmatch(rb"/[!-$&-~]*", path) or path.startswith(b"//"):
        return None
    return _owners().owner(path.decode().partition("?")[0]) or VERSIONS[0]


@functools.cache
def _owners() -> Territories[str]:
    documents = {name: document(name) for name in (*VERSIONS, *SERVICES)}
    return territories(documents, {name: name for name in documents})


def _is_of(contract: str, error: Any, reply: Reply) -> bool:  # parsed JSON
    if contract == "v1alpha":
        return _is_goa(error) and "goa-error" in reply.headers
    if contract in VERSIONS:
        return _is_three_keys(error)
    return any(validator.is_valid(error) for validator in _errors_of(contract))


@functools.cache
def _errors_of(contract: str) -> tuple[jsonschema_rs.Draft4Validator, ...]:
    """Every shape that the contract gives an error, strict about keys that it does not name."""
    found = {json.dumps(schema, sort_keys=True): schema for schema in _error_schemas(contract)}
    return tuple(jsonschema_rs.Draft4Validator(schema) for schema in found.values())


def _error_schemas(contract: str) -> Iterator[dict[str, Any]]:
    content = document(contract)
    for operations in content["paths"].values():
        for facts in operations.values():
            for status, answer in facts["responses"].items():
                if status >= "4":
                    yield plain(whole(whole(answer, content)["content"]["application/json"]["schema"], content))


def _is_three_keys(error: Any) -> bool:  # parsed JSON
    return (
        isinstance(error, dict)
        and list(error) == ["id", "message", "name"]
        and all(isinstance(value, str) for value in error.values())
        and HEX_ID.fullmatch(error["id"]) is not None
    )


def _is_goa(error: Any) -> bool:  # parsed JSON
    return (
        isinstance(error, dict)
        and set(error) == GOA_KEYS
        and all(isinstance(error[key], str) for key in ("name", "id", "message"))
        and all(isinstance(error[key], bool) for key in ("temporary", "timeout", "fault"))
        and GOA_ID.fullmatch(error["id"]) is not None
    )
