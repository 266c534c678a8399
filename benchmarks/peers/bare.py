"""Starlette and nothing else: handlers written by hand for the same work, no contract, no validation from one.

This is about the least that a server on these parts can cost.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.accounts.model import Caller
from app.settings import Settings
from benchmarks.peers.shop import BASE64, PNG, Form, Print, Shop
from engines.errors import StepsOutOfRange

Served = Callable[[Request, Caller], Awaitable[Response]]
NUMBERS = {"image_strength": float, "steps": int, "seed": int}


class Handlers:
    """One coroutine for each operation that is measured."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def routes(self) -> list[Route]:
        """Where they are."""
        engine = "/v1/generation/{engine_id}"
        return [
            Route("/v1/engines/list", self._keyed(self._engines)),
            Route("/v1/user/balance", self._keyed(self._balance)),
            Route(f"{engine}/text-to-image", self._keyed(self._text_to_image), methods=["POST"]),
            Route(f"{engine}/image-to-image", self._keyed(self._image_to_image), methods=["POST"]),
        ]

    def _keyed(self, handler: Served) -> Callable[[Request], Awaitable[Response]]:
        @wraps(handler)
        async def served(request: Request) -> Response:
            caller = await self._shop.caller(request.headers.get("authorization", ""))
            if caller is None:
                return _refusal(401, "unauthorized")
            try:
                return await handler(request, caller)
            except StepsOutOfRange:
                return _refusal(400, "bad_request")

        return served

    async def _engines(self, request: Request, caller: Caller) -> Response:
        return JSONResponse(self._shop.engines())

    async def _balance(self, request: Request, caller: Caller) -> Response:
        return JSONResponse({"credits": await self._shop.balance(caller)})

    async def _text_to_image(self, request: Request, caller: Caller) -> Response:
        words, form = json.loads(await request.body()), _form(request)
        return _answer(form, await self._shop.text_to_image(caller, request.path_params["engine_id"], words, form))

    async def _image_to_image(self, request: Request, caller: Caller) -> Response:
        async with request.form() as sent:
            picture = sent["init_image"]
            init = await picture.read() if isinstance(picture, UploadFile) else b""
            words = _words(sent)
        form = _form(request)
        made = await self._shop.image_to_image(caller, request.path_params["engine_id"], words, init, form)
        return _answer(form, made)


def create() -> Starlette:
    """The application, in each process that serves."""
    return Starlette(routes=Handlers(Shop(Settings.from_mapping(os.environ))).routes())


def _words(sent: FormData) -> dict[str, object]:
    """The one form that is sent here: a single prompt, and numbers where numbers belong."""
    prompt = {"text": sent["text_prompts[0][text]"], "weight": float(str(sent["text_prompts[0][weight]"]))}
    plain = {name: NUMBERS.get(name, str)(str(value)) for name, value in sent.items() if "[" not in name}
    return plain | {"text_prompts": [prompt]}


def _form(request: Request) -> Form:
    return PNG if "image/png" in request.headers.get("accept", "") else BASE64


def _answer(form: Form, made: Print) -> Response:
    if form is PNG:
        headers = {"Seed": str(made.seed), "Finish-Reason": made.finish_reason}
        return Response(made.data, media_type="image/png", headers=headers)
    tail = b'","seed":%d,"finishReason":"%b"}]}' % (made.seed, made.finish_reason.encode())
    return Response(b"".join((b'{"artifacts":[{"base64":"', made.data, tail)), media_type="application/json")


def _refusal(status: int, name: str) -> Response:
    return JSONResponse({"id": secrets.token_hex(16), "name": name, "message": name}, status)
