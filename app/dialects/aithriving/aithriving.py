"""aithriving: one route, JSON in, a picture in base64 out, six credits each."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from app.dialects.aithriving import reading
from app.dialects.aithriving.refusals import PictureWithheld
from app.dialects.aithriving.wording import word
from app.dialects.writing import base64_png
from app.tools import Tools
from app.web.answer import JSON, Answer, json_answer
from app.web.call import Call
from engines.prices import Flat
from engines.sizes import PixelRange
from engines.types import EngineCard

CORE = "core"
SUCCESS, FAILURE = 0, -1
PRICE = Flat(Fraction(6))
SIZES = PixelRange(320 * 320, 1536 * 1536, shortest=320, longest=1536)


class Aithriving:
    """Speaks the service's one operation."""

    contract = "aithriving"

    def __init__(self, tools: Tools) -> None:
        self._studio = tools.studio
        self._tools = tools
        self._engine_id = tools.models(self.contract, {CORE: "sd-core"})[CORE]

    async def generate_core(self, call: Call) -> None:
        """One picture from words."""
        card = self._card()
        request = reading.text_to_image(card, call.body.full)
        async with self._studio.generate(call.caller, request, card) as work:
            picture = work.pictures[0]
            if picture.filtered:
                raise PictureWithheld
            (encoded,) = await self._tools.written(base64_png, [picture.pixels])
            await call.reply(_answer(encoded, picture.seed))

    def word(self, error: Exception) -> Answer:
        """The code -1 and the reason, with an HTTP status that fits."""
        wording = word(error)
        body = {"code": FAILURE, "message": wording.message, "data": None}
        return json_answer(body, wording.status, wording.headers)

    def _card(self) -> EngineCard:
        """The engine as it is sold here, whichever it is."""
        return replace(self._studio.card(self._engine_id), price=PRICE, sizes=SIZES)


def _answer(encoded: bytes, number: int) -> Answer:
    """The whole answer, without a copy through a JSON writer."""
    seed = b'","seed":%d}}' % number
    return Answer(200, b"".join((b'{"code":%d,"message":"success","data":{"image":"' % SUCCESS, encoded, seed)), JSON)
