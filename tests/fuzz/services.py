"""Helps generated requests to the other services past the front door, as ``furthering`` does for the Stability API."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from engines.catalog import CARDS
from engines.types import Task
from tests.pictures import png

Body = MutableMapping[str, Any]

SMALL = "stable-diffusion-xl-beta-v2-2-2"
"""Draws no megapixel, which is all that Serevix asks for."""
MODELS = tuple(card for card in CARDS if Task.TEXT_TO_IMAGE in card.tasks and card.id != SMALL)
SIDES = ((64, 64), (512, 512), (500, 333))


def serevix(body: Body, chance: int) -> None:
    """A model that is there, and nothing that does not go with it or with the mode."""
    card = MODELS[chance % len(MODELS)]
    body["model"] = card.id
    if card.cfg_scale <= 1:
        body.pop("negative_prompt", None)
    if card.id != "sd-core":
        body.pop("style_preset", None)
    if Task.IMAGE_TO_IMAGE not in card.tasks:
        body.pop("mode", None)
    if body.get("mode") == "image-to-image":
        body["image"] = png(*SIDES[chance % len(SIDES)])
        body.setdefault("strength", 0.5)
    else:
        body.pop("image", None)
        body.pop("strength", None)


def aithriving(body: Body, _chance: int) -> None:
    """Both sides or neither."""
    if ("width" in body) != ("height" in body):
        body.pop("width", None)
        body.pop("height", None)


FITTING: dict[str, Callable[[Body, int], None]] = {"serevix": serevix, "aithriving": aithriving}
"""What has to be done to a valid body, by contract; ``chance`` is a number that depends on the case alone."""

GENERATIONS = {"serevix": {"POST /generations"}, "aithriving": {"POST /core"}}
"""The operations that make pictures, as Schemathesis calls them."""
