"""Which threads the work on pictures runs in: never in the one that has to answer everybody else."""

from __future__ import annotations

import asyncio
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from app.accounts.model import Account, Caller, Charge
from app.darkroom import Darkroom
from app.desk import Desk
from app.dialects.stability.v1 import V1
from app.dialects.stability.v1alpha import V1Alpha
from app.dialects.stability.v1beta import V1Beta
from app.filters import PromptFilter, WordList, WordOutputFilter
from app.studio import Studio
from app.till import Till
from app.web.body import Body
from app.web.call import Call, Connection
from engines.catalog import CARDS
from engines.codec import blur, decode, decode_mask, encode_png
from engines.memory import Memory
from engines.registry import Registry
from engines.sketch import SketchFamily
from tests.pictures import png
from tests.rooms import tools

WORK = {function.__name__: function for function in (decode, decode_mask, blur, encode_png, b64encode)}
"""What takes milliseconds for each picture."""
WORDS = {"text_prompts": [{"text": "a veiled barn"}], "steps": 10, "mask_source": "MASK_IMAGE_BLACK"}
PICTURES = {"init_image": png(512, 512), "mask_image": png(512, 512, "L")}
ENGINE = {"engine_id": "stable-diffusion-v1-5"}

Dialect = V1 | V1Alpha
Make = Callable[[type[Dialect]], Dialect]


class OpenHandedLedger:
    """A ledger that agrees to everything."""

    async def reserve(self, charge: Charge) -> int:
        return 0

    async def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        pass

    async def settle(self, charge_id: str) -> None:
        pass

    async def release(self, charge_id: str, reason: str) -> None:
        pass


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """In which threads each piece of picture work is done from now on."""
    seen: dict[str, set[str]] = {}

    def noted(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def note(*arguments: Any) -> Any:
            seen.setdefault(name, set()).add(threading.current_thread().name.partition("_")[0])
            return work(*arguments)

        return note

    ours = [module for name, module in sys.modules.items() if name.startswith("app.")]
    for name, work in WORK.items():
        for module in ours:
            if vars(module).get(name) is work:
                monkeypatch.setattr(module, name, noted(name, work))
    return seen


@pytest.fixture
def make() -> Iterator[Make]:
    """A dialect with engines that draw, and with hands whose threads can be told by their name."""
    with ExitStack() as pools:

        def pool(name: str) -> Executor:
            return pools.enter_context(ThreadPoolExecutor(2, thread_name_prefix=name))

        def built(kind: type[Dialect]) -> Dialect:
            family, hands = SketchFamily(pool("engine")), pool("hands")
            workshop = Registry({card.id: family for card in CARDS}, CARDS)
            output = WordOutputFilter(WordList(("veiled",)))
            prompts = PromptFilter(WordList(()))
            till = Till(OpenHandedLedger(), lambda: 0.0)
            room = Studio(workshop, till, prompts, output, Desk(1, 0), Darkroom(hands, Memory(0)), 60)
            return kind(tools(studio=room, hands=hands))

        yield built


@pytest.mark.parametrize("kind", [V1, V1Beta, V1Alpha])
@pytest.mark.parametrize("accept", ["application/json", "image/png"])
def test_pictures_are_read_and_written_by_the_hands(
    make: Make, threads: dict[str, set[str]], kind: type[Dialect], accept: str
) -> None:
    """Other callers need not wait while pictures are read, blurred, and written as PNG and base64."""
    call, sent = mask(kind, accept)

    asyncio.run(make(kind).masking(call))

    done = WORK.keys() - ({"b64encode"} if accept == "image/png" else set())
    assert threads == {name: {"hands"} for name in done}
    assert sent[0]["status"] == 200


def mask(kind: type[Dialect], accept: str) -> tuple[Call, list[MutableMapping[str, Any]]]:
    """A call that uses every piece of picture work, and where its answer will be."""
    fields = {"options": WORDS} if kind is V1Alpha else WORDS
    body = Body(PICTURES | fields, PICTURES | fields)
    caller = Caller(Account("user-1", "a@example.com", "", ()), "org-1", "key-1", 0)
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    return Call({"accept": accept}, ENGINE, {}, caller, body, send, Connection.of({})), sent
