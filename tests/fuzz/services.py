"""Helps generated requests to the other services past the front door, as ``furthering`` does for the Stability API."""

from __future__ import annotations

import base64
from collections.abc import Callable, MutableMapping
from typing import Any

from app.dialects.stablecog.models import MODELS as OF_STABLECOG
from engines.catalog import CARDS
from engines.types import Task
from tests.pictures import png

Body = MutableMapping[str, Any]

SMALL = "stable-diffusion-xl-beta-v2-2-2"
"""Draws no megapixel, which is all that Serevix asks for."""
MODELS = tuple(card for card in CARDS if Task.TEXT_TO_IMAGE in card.tasks and card.id != SMALL)
STABLECOG = tuple(model.id for model in OF_STABLECOG)
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


def stablecog(body: Body, chance: int) -> None:
    """A model that is there with a scheduler of its own, sides on the grid, and no picture from anywhere."""
    model = (*STABLECOG, *(card.id for card in MODELS))[chance % (len(STABLECOG) + len(MODELS))]
    body["model_id"] = model
    body["width"], body["height"] = (256 + 8 * (chance // step % 40) for step in (1, 40))
    body.pop("scheduler_id", None)
    body.pop("init_image_url", None)


def stativerse(body: Body, chance: int) -> None:
    """Pictures that are pictures, and small answers: each number of an array is held against the contract."""
    if "choices" in body:
        return
    size = SIDES[chance % len(SIDES)]
    body |= {"resolution": list(size), "post_resolution": [chance % 16 + 1, 8]}
    if "image" in body:
        picture = base64.b64encode(png(*size)).decode()
        body["image"] = [picture] * len(body["image"]) if isinstance(body["image"], list) else picture


FITTING: dict[str, Callable[[Body, int], None]] = {
    "serevix": serevix,
    "aithriving": aithriving,
    "stablecog": stablecog,
    "stativerse": stativerse,
}
"""What has to be done to a valid body, by contract; ``chance`` is a number that depends on the case alone."""

GENERATIONS = {
    "serevix": {"POST /generations"},
    "aithriving": {"POST /core"},
    "stablecog": {"POST /image/generation/create", "POST /image/generate"},
    "stativerse": {"POST /image-generation", "POST /image-edit"},
}
"""The operations that make pictures, as Schemathesis calls them."""
