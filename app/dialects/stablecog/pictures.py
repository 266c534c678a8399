"""Pictures on their way in and out: where they are shown, fetched from, and how they are made to fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.dialects.stablecog.refusals import InitImageGone
from app.dialects.uploads import Uploads
from app.tools import Tools
from engines.late import Late
from engines.types import Pixels

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
else:
    np, Image = Late("numpy"), Late("PIL.Image")

FILES = "/v1/image/generation/files/"
"""Where pictures are shown, below the address of the server."""
SUFFIX = ".png"
TAIL = re.compile("[?#]")
"""Behind it an address says nothing about which picture is shown."""
FIELD = "init_image_url"


def url(address: str, output_id: str) -> str:
    """Where the picture with this id is shown."""
    return f"{address}{FILES}{output_id}{SUFFIX}"


class Fetching:
    """Gets the pictures that requests start from."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._uploads = Uploads(tools.limits, tools.darkroom.memory)

    async def init_image(self, address: str, headers: Mapping[str, str], size: tuple[int, int]) -> Pixels:
        """The picture at an address, height x width x 3, brought to ``size`` (width, height).

        One of this server's own pictures is taken from the gallery, where nobody has to be asked. Raises
        ``InitImageGone``, ``FetchRefused``, ``FetchFailed``, ``BadPicture`` and ``PictureTooLarge``.
        """
        own = self._tools.address(headers) + FILES
        data = await (self._kept(address.removeprefix(own)) if address.startswith(own) else self._fetched(address))
        return await self._tools.by_hand(self._fitting, data, size)

    async def _kept(self, name: str) -> bytes:
        path = TAIL.split(name, maxsplit=1)[0]
        found = await self._tools.gallery.read(path.removesuffix(SUFFIX))
        if found is None:
            raise InitImageGone
        return found[1]

    async def _fetched(self, address: str) -> bytes:
        return await self._tools.fetcher.fetch(address)

    def _fitting(self, data: bytes, size: tuple[int, int]) -> Pixels:
        return self._uploads.changed(fitted, self._uploads.picture(FIELD, data).pixels, size)


def fitted(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The largest part around the middle that has the proportions of ``size``, in that size; nothing is squeezed."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    wide, high = min(width, height * size[0] / size[1]), min(height, width * size[1] / size[0])
    left, top = (width - wide) / 2, (height - high) / 2
    middle = (left, top, left + wide, top + high)
    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=middle))
