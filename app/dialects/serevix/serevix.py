"""The Serevix gateway: one route, a form in, a picture out."""

from __future__ import annotations

from app.dialects.serevix import reading
from app.dialects.serevix.accepting import JPEG, media_type
from app.dialects.serevix.fitting import resized
from app.dialects.serevix.wording import word
from app.dialects.uploads import Uploads
from app.studio import Finished
from app.tools import Tools
from app.web.answer import Answer, json_answer
from app.web.call import Call
from engines.codec import Decoded, encode_jpeg, encode_png
from engines.errors import UnknownEngine
from engines.types import EngineCard, GenerationRequest, Pixels, Task

MODELS = (
    reading.CORE,
    "sd3-medium",
    "sd3-large",
    "sd3-large-turbo",
    "sd3.5-medium",
    "sd3.5-large",
    "sd3.5-large-turbo",
)
"""The models that the owner may have drawn by other engines; any further engine goes by its own id."""

SUCCESS, FILTERED = "SUCCESS", "CONTENT_FILTERED"
"""How the gateway names the way a picture ended."""


class Serevix:
    """Speaks the gateway's one operation."""

    contract = "serevix"

    def __init__(self, tools: Tools) -> None:
        self._studio = tools.studio
        self._tools = tools
        self._uploads = Uploads(tools.limits, tools.darkroom.memory)
        self._models = tools.models(self.contract, {model: model for model in MODELS})

    async def generate_image(self, call: Call) -> None:
        """One picture, from words or from words and a picture."""
        words = call.body.full
        media = media_type(call.headers.get("accept", ""), words.get("output_format"))
        card = self._card(words["model"])
        reading.check(words["model"], card, words)
        if reading.task(words) is Task.TEXT_TO_IMAGE:
            await self._deliver(call, reading.text_to_image(card, words), media, None)
            return
        image = await self._tools.by_hand(reading.upload, self._uploads, words["image"])
        request = await self._tools.by_hand(reading.image_to_image, self._uploads, card, image, words)
        await self._deliver(call, request, media, image)

    def word(self, error: Exception) -> Answer:
        """The object ``error``, as JSON whatever ``Accept`` says."""
        wording = word(error)
        body = {"message": wording.message, "type": wording.type, "param": wording.param, "code": wording.code}
        return json_answer({"error": body}, wording.status, wording.headers)

    def _card(self, model: str) -> EngineCard:
        try:
            return self._studio.card(self._models.get(model, model))
        except UnknownEngine as problem:
            raise UnknownEngine(model) from problem

    async def _deliver(self, call: Call, request: GenerationRequest, media: str, image: Decoded | None) -> None:
        async with self._studio.generate(call.caller, request) as work:
            picture = work.pictures[0]
            pixels = picture.pixels if image is None else await self._like(image, picture, request)
            (encoded,) = await self._tools.written(encode_jpeg if media == JPEG else encode_png, [pixels])
            headers = (("Finish-Reason", FILTERED if picture.filtered else SUCCESS), ("Seed", str(picture.seed)))
            await call.reply(Answer(200, encoded, media, headers))

    async def _like(self, image: Decoded, picture: Finished, request: GenerationRequest) -> Pixels:
        """Scaled back; a picture that nothing was to be changed in is the one that came, to the last pixel."""
        if request.schedule_start == 0 and not picture.filtered:
            return image.pixels
        height, width = image.pixels.shape[:2]
        return await self._tools.by_hand(self._uploads.changed, resized, picture.pixels, width, height)
