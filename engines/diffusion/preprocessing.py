"""Brings a picture to the size and range that a model which looks at it was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engines.loading import files
from engines.loading.model import WeightsUnusable
from engines.types import Pixels

FILE = "preprocessor_config.json"
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""The colors of the pictures that CLIP was trained on; published with it."""

Color = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What a ``preprocessor_config.json`` asks for."""

    size: tuple[int, int] | int | None
    """Height and width to resize to, or the shorter side, or nothing."""
    crop: tuple[int, int] | None
    """Height and width that are cut out of the middle."""
    resample: Image.Resampling
    rescale: float
    mean: Color
    std: Color

    @classmethod
    def of(cls, folder: Path) -> Preprocessing:
        """Read the folder's ``preprocessor_config.json``. Raises ``WeightsUnusable``."""
        config = files.settings(folder / FILE)
        try:
            return cls._read(config)
        except (KeyError, TypeError, ValueError) as broken:
            raise WeightsUnusable(f"{folder / FILE}: {broken!r}") from broken

    @classmethod
    def _read(cls, config: Mapping[str, Any]) -> Preprocessing:
        cropped = config.get("do_center_crop", False)
        scaled = config.get("do_rescale", True)
        colored = config.get("do_normalize", True)
        return cls(
            size=_size(config["size"], square=not cropped) if config.get("do_resize", True) else None,
            crop=_square(config["crop_size"]) if cropped else None,
            resample=Image.Resampling(config.get("resample", Image.Resampling.BICUBIC)),
            rescale=float(config.get("rescale_factor", 1 / 255)) if scaled else 1.0,
            mean=_color(config.get("image_mean", CLIP_MEAN)) if colored else (0.0, 0.0, 0.0),
            std=_color(config.get("image_std", CLIP_STD)) if colored else (1.0, 1.0, 1.0),
        )

    def apply(self, pixels: Pixels) -> torch.Tensor:
        """The picture as 1 x 3 x height x width in fp32."""
        picture = self._cropped(self._resized(Image.fromarray(pixels)))
        values = torch.from_numpy(np.array(picture, np.float32)) * self.rescale
        values = (values - torch.tensor(self.mean)) / torch.tensor(self.std)
        return values.permute(2, 0, 1)[None].contiguous()

    def _resized(self, picture: Image.Image) -> Image.Image:
        if self.size is None:
            return picture
        if isinstance(self.size, tuple):
            height, width = self.size
        else:
            short, long = sorted(picture.size)
            longer = int(self.size * long / short)
            width, height = (self.size, longer) if picture.width <= picture.height else (longer, self.size)
        return picture.resize((width, height), self.resample)

    def _cropped(self, picture: Image.Image) -> Image.Image:
        """The middle; where the picture is smaller than that, black around it."""
        if self.crop is None:
            return picture
        height, width = self.crop
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        return picture.crop((left, top, left + width, top + height))


def _size(value: Any, *, square: bool) -> tuple[int, int] | int:
    """Old files hold one number: both sides where nothing is cropped afterwards, the shorter one otherwise."""
    if isinstance(value, Mapping):
        return int(value["shortest_edge"]) if "shortest_edge" in value else _square(value)
    return _square(value) if square else int(value)


def _square(value: Any) -> tuple[int, int]:
    if isinstance(value, Mapping):
        return int(value["height"]), int(value["width"])
    return int(value), int(value)


def _color(value: Any) -> Color:
    red, green, blue = (float(channel) for channel in value)
    return red, green, blue
