"""Stock Connexion as FlaskApp: the handlers of ``stock`` written without ``async``.

Connexion runs them in ten threads. What is asynchronous, the store and the studio, runs on an event loop in a thread
of its own, and the handler waits for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from connexion import FlaskApp

from app.settings import Settings
from benchmarks.peers.shop import Shop
from benchmarks.peers.stock import SPEC, Answer, BracketParser, answer, form, operations

T = TypeVar("T")


class Aside:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="aside", daemon=True).start()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class Handlers:
    """One function for each operation that is measured."""

    def __init__(self, shop: Shop, aside: Aside) -> None:
        self._shop = shop
        self._aside = aside

    def list_engines(self) -> Any:
        """The engines."""
        return self._shop.engines()

    def user_balance(self, token_info: dict[str, Any]) -> Any:
        """The balance."""
        return {"credits": self._aside.wait(self._shop.balance(token_info["caller"]))}

    def text_to_image(self, engine_id: str, body: dict[str, Any], token_info: dict[str, Any]) -> Answer:
        """A picture from prompts."""
        return answer(self._aside.wait(self._shop.text_to_image(token_info["caller"], engine_id, body, form())))

    def image_to_image(
        self, engine_id: str, body: dict[str, Any], init_image: Any, token_info: dict[str, Any]
    ) -> Answer:
        """A picture from another one."""
        work = self._shop.image_to_image(token_info["caller"], engine_id, body, init_image.read(), form())
        return answer(self._aside.wait(work))


def key_info(apikey: str) -> dict[str, Any] | None:
    """What Connexion's security asks about a key, as ``APIKEYINFO_FUNC`` tells it to."""
    shop, aside = _parts[0]
    caller = aside.wait(shop.caller(apikey))
    return None if caller is None else {"uid": caller.key_id, "caller": caller}


_parts: list[tuple[Shop, Aside]] = []


def create() -> FlaskApp:
    """The application, in each process that serves."""
    parts = Shop(Settings.from_mapping(os.environ)), Aside()
    _parts[:] = [parts]
    os.environ["APIKEYINFO_FUNC"] = f"{__name__}.key_info"
    app = FlaskApp(__name__, specification_dir=str(SPEC))
    app.add_api("v1.yaml", resolver=operations(Handlers(*parts)), uri_parser_class=BracketParser)
    return app
