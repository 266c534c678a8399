"""Stock Connexion as AsyncApp: our contract as it comes, its own routing, validation, parsing and JSON.

What it does not do by itself is mended in the smallest way that its public options offer:

- a form's ``text_prompts[0][text]``, which it does not read, is put together by ``BracketParser``;
- a handler that may answer in two media types has to say which.
"""

from __future__ import annotations

import os
import re
from typing import Any

from connexion import AsyncApp, request
from connexion.resolver import Resolver
from connexion.uri_parsing import OpenAPIURIParser

from app.settings import Settings
from benchmarks.peers.contestants import ROOT
from benchmarks.peers.shop import BASE64, PNG, Form, Print, Shop

BRACKETS = re.compile(r"(\w+)\[(\d+)\]\[(\w+)\]")
SPEC = ROOT / "spec"
Answer = tuple[Any, int, dict[str, str]]


class BracketParser(OpenAPIURIParser):  # type: ignore[misc]  # untyped
    """Reads ``name[0][key]`` in forms; everything else as Connexion does."""

    def resolve_form(self, form_data: dict[str, list[str]]) -> dict[str, Any]:
        """The form with the prompts as a list of objects."""
        nested: dict[str, dict[str, dict[str, Any]]] = {}
        for name in [name for name in form_data if BRACKETS.fullmatch(name)]:
            root, index, key = BRACKETS.fullmatch(name).groups()  # type: ignore[union-attr]  # it matched above
            value = form_data.pop(name)[-1]
            nested.setdefault(root, {}).setdefault(index, {})[key] = float(value) if key == "weight" else value
        plain: dict[str, Any] = super().resolve_form(form_data)
        return plain | {root: list(items.values()) for root, items in nested.items()}


class Handlers:
    """One coroutine for each operation that is measured."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def list_engines(self) -> Any:
        """The engines."""
        return self._shop.engines()

    async def user_balance(self, token_info: dict[str, Any]) -> Any:
        """The balance."""
        return {"credits": await self._shop.balance(token_info["caller"])}

    async def text_to_image(self, engine_id: str, body: dict[str, Any], token_info: dict[str, Any]) -> Answer:
        """A picture from prompts."""
        return answer(await self._shop.text_to_image(token_info["caller"], engine_id, body, form()))

    async def image_to_image(
        self, engine_id: str, body: dict[str, Any], init_image: Any, token_info: dict[str, Any]
    ) -> Answer:
        """A picture from another one."""
        init = await init_image.read()
        return answer(await self._shop.image_to_image(token_info["caller"], engine_id, body, init, form()))


def form() -> Form:
    """The form that the request asks for."""
    return PNG if "image/png" in request.headers.get("accept", "") else BASE64


def answer(made: Print) -> Answer:
    """A picture as a user of Connexion answers it: plain bytes or a plain dict."""
    if form() is PNG:
        headers = {"Content-Type": "image/png", "Seed": str(made.seed), "Finish-Reason": made.finish_reason}
        return made.data, 200, headers
    artifact = {"base64": made.data.decode(), "seed": made.seed, "finishReason": made.finish_reason}
    return {"artifacts": [artifact]}, 200, {"Content-Type": "application/json"}


def operations(handlers: Any) -> Resolver:
    """The handler of each operation; what is not measured is not offered."""
    measured = {
        "listEngines": handlers.list_engines,
        "userBalance": handlers.user_balance,
        "textToImage": handlers.text_to_image,
        "imageToImage": handlers.image_to_image,
    }
    return Resolver(lambda name: measured.get(name, _not_here))


def _not_here() -> tuple[dict[str, str], int]:
    return {"name": "not_measured"}, 501


async def key_info(apikey: str) -> dict[str, Any] | None:
    """What Connexion's security asks about a key, as ``APIKEYINFO_FUNC`` tells it to."""
    caller = await _shop[0].caller(apikey)
    return None if caller is None else {"uid": caller.key_id, "caller": caller}


_shop: list[Shop] = []


def create() -> AsyncApp:
    """The application, in each process that serves."""
    _shop[:] = [Shop(Settings.from_mapping(os.environ))]
    os.environ["APIKEYINFO_FUNC"] = f"{__name__}.key_info"
    app = AsyncApp(__name__, specification_dir=str(SPEC))
    app.add_api("v1.yaml", resolver=operations(Handlers(_shop[0])), uri_parser_class=BracketParser)
    return app
