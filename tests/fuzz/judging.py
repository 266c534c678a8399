"""What an answer to bad input has to look like, whatever the input was."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.fuzz.wires import Reply

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
    if kind == "image/png":
        return None if reply.body.startswith(b"\x89PNG") else "no PNG"
    return f"200 of type {kind!r}"


def _complaint_about_error(reply: Reply, path: bytes) -> str | None:
    if reply.headers.get("content-type") != "application/json":
        return f"{reply.status} of type {reply.headers.get('content-type')!r}"
    error = json.loads(reply.body)
    shapes = {"three keys": _is_three_keys(error), "goa": _is_goa(error) and reply.headers.get("goa-error")}
    wanted = _shape_of(path)
    if not (shapes[wanted] if wanted else any(shapes.values())):
        return f"not {wanted or 'any error shape'}: {error}"
    return "an empty message" if not error["message"] else None


def _shape_of(path: bytes) -> str | None:
    """The shape a plain path calls for; a disguised one (escapes, other forms) may be worded either way."""
    if not re.fullmatch(rb"/[!-$&-~]*", path) or path.startswith(b"//"):
        return None
    return "goa" if re.match(rb"/v1alpha(?:[/?]|$)", path) else "three keys"


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
