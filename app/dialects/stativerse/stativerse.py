"""The Stativerse model endpoints: one method per operation of ``spec/stativerse.yaml``."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable
from typing import Any

from app.accounts.model import Allowance
from app.dialects.stativerse import answers, pictures, reading, selling
from app.dialects.stativerse.album import Album, Output, written
from app.dialects.stativerse.pictures import Shown
from app.dialects.stativerse.reading import Order
from app.dialects.stativerse.wording import word
from app.tools import Tools
from app.web.answer import Answer
from app.web.call import Call
from engines.analysis.types import Analysis, Question
from engines.types import EngineCard, GenerationRequest

UNSAFE = "nsfw"
"""The label of a picture that was blurred."""


class Stativerse:
    """Speaks in one envelope, for successes and errors alike."""

    contract = selling.CONTRACT

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._album = Album(tools.limits, tools.darkroom.memory)
        self._engine_id = tools.models(selling.CONTRACT, selling.ENGINES)[selling.MODEL]
        self._allowance = Allowance(selling.CONTRACT, tools.services.daily_credits)

    async def image_generation(self, call: Call) -> None:
        """A picture from text."""
        began = time.perf_counter()
        order = reading.order(call.body.full)
        size = reading.size("resolution", call.body.full["resolution"])
        await self._draw(call, order, reading.generation(self._engine_id, order, size), size, began)

    async def image_edit(self, call: Call) -> None:
        """A picture from pictures and text; without text the first picture, only cropped, resized and written."""
        began = time.perf_counter()
        order = reading.order(call.body.full)
        shown = await self._tools.by_hand(self._album.received, call.body.full["image"], order)
        if order.prompt:
            start = await self._tools.by_hand(self._album.start, shown)
            await self._draw(call, order, reading.edit(self._engine_id, order, start), shown[0].size, began)
            return
        async with self._tools.till.charged(call.caller, selling.returned(self._allowance)):
            await call.reply(await self._picture(order, shown[0], began))

    async def classification(self, call: Call) -> None:
        """How well labels describe texts."""
        await self._read(call, Analysis.CLASSIFICATION)

    async def sentence(self, call: Call) -> None:
        """How close sentences are in meaning."""
        await self._read(call, Analysis.SIMILARITY)

    def word(self, error: Exception) -> Answer:
        """The envelope with the error, and for what is renewed at a certain time the seconds until then."""
        said = word(error)
        left = () if said.until is None else (("Retry-After", str(self._seconds_until(said.until))),)
        return answers.failure(said.status, said.code, said.message, (*said.headers, *left))

    def _seconds_until(self, moment: int) -> int:
        return max(1, math.ceil(moment - self._tools.now()))

    def _card(self) -> EngineCard:
        return selling.sold(self._tools.studio.card(self._engine_id))

    async def _draw(
        self, call: Call, order: Order, request: GenerationRequest, size: reading.Size, began: float
    ) -> None:
        studio, caller = self._tools.studio, call.caller
        async with studio.generate(caller, request, self._card(), self._allowance) as work:
            made = work.pictures[0]
            shown = await self._tools.by_hand(self._album.trimmed, made.pixels, size)
            await call.reply(await self._picture(order, shown, began, filtered=made.filtered))

    async def _picture(self, order: Order, shown: Shown, began: float, *, filtered: bool = False) -> Answer:
        """What analysts say of a picture in the size that was worked in, and the picture as it is wanted."""
        words, label = await self._judged_text(order), await self._judged_picture(order, shown, filtered=filtered)
        write = self._album.output
        if order.cut_out:
            subject = await self._tools.laboratory.separate(Question(Analysis.BACKGROUND, pixels=shown.pixels))
            shown, write = await self._tools.by_hand(pictures.cut_out, shown, subject), written
        verdicts = {"nsfw_input_classifier": words, "nsfw_output_classifier": label}
        return await self._tools.by_hand(_finished, write, order, shown, verdicts, began)

    async def _judged_text(self, order: Order) -> dict[str, Any] | None:
        if order.guarded is None:
            return None
        findings = await self._tools.laboratory.score(Question(Analysis.TEXT_SAFETY, texts=(order.guarded,)))
        return answers.ranked(findings.labels, findings.scores[0])

    async def _judged_picture(self, order: Order, shown: Shown, *, filtered: bool) -> str | None:
        """The likeliest label, of a blurred picture always the same; None where nobody asked."""
        if filtered:
            return UNSAFE
        if order.guarded is None:
            return None
        pixels = await self._tools.by_hand(pictures.on_white, shown)
        findings = await self._tools.laboratory.score(Question(Analysis.PICTURE_SAFETY, pixels=pixels))
        label: str = answers.ranked(findings.labels, findings.scores[0])["highest"]["label"]
        return label

    async def _read(self, call: Call, task: Analysis) -> None:
        began = time.perf_counter()
        words = call.body.full
        question = reading.question(task, words)
        async with self._tools.till.charged(
            call.caller, selling.read(task.value, len(question.texts), self._allowance)
        ):
            findings = await self._tools.laboratory.score(question)
            batch = not isinstance(words["input"], str)
            result = answers.scored(findings, normalize=words["normalize"], batch=batch)
            data = {"id": _id(), **result, "generation_time": _seconds_since(began)}
            await call.reply(answers.success(data))


def _finished(
    write: Callable[[Order, Shown], Output], order: Order, shown: Shown, verdicts: dict[str, Any], began: float
) -> Answer:
    """The answer around a picture that ``write`` writes; runs where picture work runs."""
    output = write(order, shown)
    data = {"id": _id(), "output": output, "seed": order.seed, "generation_time": _seconds_since(began), **verdicts}
    return answers.success(data)


def _id() -> str:
    return str(uuid.uuid4())


def _seconds_since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
