"""The Stablecog API: one method per operation of ``spec/stablecog.yaml``."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from app.closing import unbroken
from app.dialects.stablecog import answers, reading
from app.dialects.stablecog.models import MODELS, Models
from app.dialects.stablecog.pictures import Fetching
from app.dialects.stablecog.reading import Order
from app.dialects.stablecog.refusals import AllFiltered, NoSuchOutput
from app.dialects.stablecog.wording import word
from app.studio import Delivery, Finished
from app.tools import Tools
from app.web.answer import PNG, Answer, json_answer
from app.web.call import Call
from app.web.documents import load
from app.web.schema import defaults
from engines.codec import encode_png


class Stablecog:
    """Pictures are answered as URLs of this server, which shows them for a while to whoever knows their ids."""

    contract = "stablecog"

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._gallery = tools.gallery
        self._fetching = Fetching(tools)
        self._defaults = defaults(load(self.contract)["components"]["schemas"]["CreateGenerationRequestBody"])
        self._models = Models(tools.studio, tools.models(self.contract, {one.id: one.engine_id for one in MODELS}))

    async def create_generation(self, call: Call) -> None:
        """Pictures from a prompt, or from a prompt and a picture."""
        order = reading.order(self._models, call.body.full)
        began = self._tools.now()
        init = None
        if order.init_image_url is not None:
            init = await self._fetching.init_image(order.init_image_url, call.headers, (order.width, order.height))
        async with self._tools.studio.generate(call.caller, order.request(init), order.card) as work:
            await self._deliver(call, order, work, began)

    async def generate(self, call: Call) -> None:
        """The same at its older path."""
        await self.create_generation(call)

    async def list_models(self, call: Call) -> None:
        """What can be drawn with."""
        await call.reply(json_answer(answers.models(self._models.offered(), self._models.default())))

    async def show_defaults(self, call: Call) -> None:
        """What counts where a request says nothing."""
        await call.reply(json_answer(answers.defaults(self._models.default(), self._defaults)))

    async def list_outputs(self, call: Call) -> None:
        """The pictures of the caller's organization that are still shown, the newest first."""
        organization = call.caller.organization_id
        cursor = call.query.get("cursor") or None
        pieces, following = await self._gallery.page(organization, call.query["per_page"], cursor)
        total = await self._gallery.count(organization)
        address = self._tools.address(call.headers)
        await call.reply(json_answer(answers.listed(pieces, total, following, address)))

    async def show_output(self, call: Call) -> None:
        """A picture itself. Its bytes never change, so it may be kept as long as it is shown."""
        found = await self._gallery.read(call.path["output_id"])
        if found is None:
            raise NoSuchOutput
        piece, data = found
        kept = f"private, max-age={int(self._gallery.seconds_left(piece))}, immutable"
        await call.reply(Answer(200, data, PNG, (("Cache-Control", kept), ("ETag", f'"{piece.id}"'))))

    async def show_credits(self, call: Call) -> None:
        """What the caller's organization has left."""
        balance = await self._tools.till.balance(call.caller)
        await call.reply(json_answer(answers.purse(call.caller.organization_id, balance)))

    def word(self, error: Exception) -> Answer:
        """An object with a code for programs and a description for people."""
        wording = word(error)
        body = {"error": wording.code, "description": wording.description}
        return json_answer(body, wording.status, wording.headers)

    async def _deliver(self, call: Call, order: Order, work: Delivery, began: float) -> None:
        """Show the pictures and say where; take them down again if nobody heard it."""
        shown = [(str(uuid.uuid4()), picture) for picture in work.pictures if not picture.filtered]
        if not shown:
            raise AllFiltered
        facts = answers.remembered(order, [one for one, _ in shown], began, self._tools.now())
        told = [(one, picture.seed) for one, picture in shown]
        answer = answers.created(told, order, work.balance, self._tools.address(call.headers))
        try:
            # Cut short, a file could still appear after it was taken down.
            await unbroken(self._show(call.caller.organization_id, shown, facts))
            await call.reply(json_answer(answer))
        except BaseException:
            await unbroken(self._take_down([one for one, _ in shown]))
            raise

    async def _show(self, organization_id: str, shown: Sequence[tuple[str, Finished]], facts: answers.Facts) -> None:
        encoded = await self._tools.written(encode_png, [picture.pixels for _, picture in shown])
        # The last one first: lists begin with what came last, and tell the pictures of one request in its order.
        for (output_id, _), data in reversed(list(zip(shown, encoded, strict=True))):
            await self._gallery.keep(organization_id, data, PNG, facts, output_id)

    async def _take_down(self, output_ids: Sequence[str]) -> None:
        for output_id in output_ids:
            await self._gallery.remove(output_id)
