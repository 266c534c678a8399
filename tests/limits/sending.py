"""Requests written by hand, so that they can be slow, endless or left half said."""

from __future__ import annotations

import functools
import io
import json
import socket
from collections.abc import Iterable

import numpy as np
from PIL import Image

from tests.fuzz.judging import complaint
from tests.fuzz.requests_to_spoil import good, good_values, routes, with_values
from tests.fuzz.wires import Reply, connection, read_reply
from tests.running import Server

ENGINE = "stable-diffusion-v1-5"
SLOW = {"text_prompts": [{"text": "a boat"}], "width": 1024, "height": 1024, "samples": 10}
"""Takes some tenths of a second to draw."""


def text_to_image(server: Server, version: str, body: object, **headers: str) -> bytes:
    """A whole text-to-image request."""
    content = json.dumps(body).encode()
    return head(server, version, **{"Content-Length": str(len(content)), **headers}) + content


def large(server: Server, version: str) -> bytes:
    """A request that takes a second or two, and whose answer of 40 MB no connection holds in its buffers.

    It asks for ten copies of a picture of noise, which does not compress.
    """
    route = next(route for route in routes() if (route.version, route.name) == (version, "image-to-image"))
    values = good_values(route, samples=10)
    values["init_image"] = noise(1024)
    values.get("options", values).update(init_image_mode="STEP_SCHEDULE", step_schedule_start=0)
    return with_values(good(route, server.key), route, values).with_header(b"Accept", b"application/json").wire()


@functools.cache
def noise(side: int) -> bytes:
    """A PNG of noise."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def head(server: Server, version: str, **headers: str) -> bytes:
    """The header block of a text-to-image request."""
    fields = {"Host": "h", "Authorization": server.key, "Content-Type": "application/json", **headers}
    lines = [f"POST /{version}/generation/{ENGINE}/text-to-image HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_to(server: Server, pieces: Iterable[bytes]) -> Reply:
    """What is answered to the pieces, which may never have an end; fails unless it has its version's shape."""
    first = b""
    with connection(server.url) as sock:
        for piece in pieces:
            first = first or piece
            if not _taken(sock, piece):
                break
        reply = read_reply(sock)
    assert reply is not None
    assert complaint(reply, first) is None or reply.status >= 500
    return reply


def _taken(sock: socket.socket, piece: bytes) -> bool:
    """Send a piece, unless the other side has begun to answer."""
    sock.setblocking(False)
    try:
        answered = bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        answered = False
    except ConnectionError:
        answered = True
    sock.settimeout(20)
    if answered:
        return False
    try:
        sock.sendall(piece)
    except ConnectionError:
        return False
    return True


def name_of(reply: Reply) -> str:
    """The error's name."""
    return str(json.loads(reply.body)["name"])
