"""The v1 API: one method per operation of ``spec/v1.yaml``."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from app.dialects.stability import answers, reading
from app.dialects.stability.uploads import StabilityUploads
from app.dialects.stability.wording import Wording, word
from app.dialects.writing import base64_png
from app.errors import TooManyPictures
from app.studio import Finished
from app.tools import Tools
from app.web.answer import JSON, PNG, Answer, json_answer
from app.web.body import Body
from app.web.call import Call
from app.web.negotiation import wanted
from engines.codec import Decoded, encode_png
from engines.errors import TaskNotOffered, UnknownEngine
from engines.memory import Same
from engines.types import EngineCard, GenerationRequest, Task

ERA = 1
"""The only generation of engines that these versions have ever known."""


class V1:
    """The dialect the two older versions derive from."""

    contract = "v1"

    def __init__(self, tools: Tools) -> None:
        self._studio = tools.studio
        self._tools = tools
        self._uploads = StabilityUploads(tools.limits, tools.darkroom.memory)

    async def list_engines(self, call: Call) -> None:
        """Every engine as a bare array."""
        await call.reply(json_answer(self.engine_rows()))

    async def user_account(self, call: Call) -> None:
        """The account behind the key."""
        await call.reply(json_answer(answers.account_body(call.caller.account)))

    async def user_balance(self, call: Call) -> None:
        """The balance of the organization that pays."""
        await call.reply(answers.balance_answer(await self._tools.till.balance(call.caller)))

    async def text_to_image(self, call: Call) -> None:
        """Pictures from prompts."""
        card = self._card(call, Task.TEXT_TO_IMAGE)
        words = self.words(call.body)
        await self._deliver(call, reading.text_to_image(card, words.full, words.sent))

    async def image_to_image(self, call: Call) -> None:
        """Pictures from a picture and prompts."""
        card = self._card(call, Task.IMAGE_TO_IMAGE)
        words = self.words(call.body)
        init = await self._seen(self._uploads.init_image, card, call.body.sent["init_image"])
        await self._deliver(call, reading.image_to_image(card, init, words.full, words.sent))

    async def masking(self, call: Call) -> None:
        """The masked part of a picture made anew."""
        card = self._card(call, Task.MASKING)
        words = self.words(call.body)
        source = words.full["mask_source"]
        init, mask = await self._tools.by_hand(self._uploads.init_and_mask, card, call.body.sent, source)
        await self._deliver(call, reading.masking(card, init, mask, words.full, words.sent))

    async def upscale_image(self, call: Call) -> None:
        """A larger version of a picture."""
        card = self._card(call, Task.UPSCALE)
        words = self.words(call.body)
        image = await self._seen(self._uploads.image, card, call.body.sent["image"])
        await self._deliver(call, reading.upscale(card, image, words.full, words.sent))

    def word(self, error: Exception) -> Answer:
        """The three-key error, as JSON whatever ``Accept`` says."""
        wording = self.wording(error)
        body = answers.error_body(secrets.token_hex(16), wording.name, wording.message)
        return Answer(wording.status, body, JSON, wording.headers)

    def wording(self, error: Exception) -> Wording:
        """Status, name and message of an error in this version."""
        return word(error)

    def engine_rows(self) -> list[dict[str, str]]:
        """What is listed: the engines of these versions' own era."""
        return [answers.engine_row(card) for card in self._studio.cards() if card.era == ERA]

    def words(self, body: Body) -> Body:
        """Where the parameters stand in the body."""
        return body

    def _card(self, call: Call, task: Task) -> EngineCard:
        """The engine of the path, refused before any picture is decoded if it does not do the task."""
        card = self._studio.card(call.path["engine_id"])
        if card.era != ERA:
            raise UnknownEngine(card.id)
        if task not in card.tasks:
            raise TaskNotOffered(card.id, task)
        return card

    async def _seen(self, look: Callable[[EngineCard, bytes], Decoded], card: EngineCard, data: bytes) -> Decoded:
        """What ``look`` makes of an uploaded picture."""
        if self._uploads.knows(data):
            return look(card, data)
        return await self._tools.by_hand(look, card, data)

    async def _deliver(self, call: Call, request: GenerationRequest) -> None:
        as_png = wanted(call.headers.get("accept", ""), (JSON, PNG)) == PNG
        if as_png and request.samples > 1:
            raise TooManyPictures
        async with self._studio.generate(call.caller, request) as work:
            await call.reply(await (self._png(work.pictures) if as_png else self._artifacts(work.pictures)))

    async def _png(self, pictures: tuple[Finished, ...]) -> Answer:
        (png,) = await self._tools.written(encode_png, [pictures[0].pixels])
        return answers.png_answer(pictures[0], png)

    async def _artifacts(self, pictures: tuple[Finished, ...]) -> Answer:
        memory = self._tools.darkroom.memory
        key = (answers.artifacts_answer, *((Same(one.pixels), one.seed, one.filtered) for one in pictures))
        known: Answer | None = memory.get(key)
        if known is not None:
            return known
        encoded = await asyncio.gather(*(self._tools.by_hand(base64_png, one.pixels) for one in pictures))
        answer = await self._tools.by_hand(answers.artifacts_answer, pictures, encoded)
        return memory.keep(key, answer, len(answer.body))
