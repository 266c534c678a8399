"""Answers of Stablecog: finished pictures, lists of them, models, defaults, credits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.dialects.stablecog.models import Model, Scheduler
from app.dialects.stablecog.pictures import url
from app.dialects.stablecog.reading import Order
from app.gallery.model import Piece
from engines.prices import MICRO

Facts = dict[str, Any]
"""A JSON object."""

NEVER = "2100-01-01T05:00:00Z"
"""When credits expire that do not, as the service writes it."""
UNPUBLISHED = {"gallery_status": "not_submitted", "is_favorited": False, "was_auto_submitted": False}
"""What a picture says of the service's public gallery and of favourites, which this server does not have."""


def credits(micro_credits: int) -> int | float:
    """Credits as a number, a whole one without a point."""
    return micro_credits / MICRO if micro_credits % MICRO else micro_credits // MICRO


def created(outputs: Sequence[tuple[str, int]], order: Order, balance: int, address: str) -> Facts:
    """The answer to a request for pictures; ``outputs`` are their ids and seeds."""
    return {
        "outputs": [{"id": one, "url": url(address, one), "seed": seed} for one, seed in outputs],
        "remaining_credits": credits(balance),
        "settings": order.settings(),
    }


def remembered(order: Order, output_ids: Sequence[str], began: float, ended: float) -> Facts:
    """What is kept with each picture of a request, for lists; times in Unix seconds."""
    generation = str(uuid.uuid4())
    return {
        "generation": {
            "id": generation,
            "model_id": order.model.id,
            "scheduler_id": order.scheduler.id,
            "width": order.width,
            "height": order.height,
            "num_outputs": order.num_outputs,
            "guidance_scale": order.guidance_scale,
            "inference_steps": order.inference_steps,
            "seed": order.seed,
            "status": "succeeded",
            "created_at": _time(began),
            "started_at": _time(began),
            "updated_at": _time(ended),
            "completed_at": _time(ended),
            "is_favorited": False,
            "was_auto_submitted": False,
            **_said(order),
        },
        "output_ids": list(output_ids),
    }


def _said(order: Order) -> Facts:
    said: Facts = {"prompt": _prompt(order.prompt)}
    if order.negative_prompt:
        said["negative_prompt"] = _prompt(order.negative_prompt)
    if order.init_image_url is not None:
        said |= {"init_image_url": order.init_image_url, "prompt_strength": order.prompt_strength}
    return said


def _prompt(text: str) -> Facts:
    """A text with its id, the same for equal texts."""
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, text)), "text": text}


def listed(pieces: Sequence[Piece], total: int, following: str | None, address: str) -> Facts:
    """A page of finished pictures; the last one has no ``next``."""
    page = {"total_count": total, "outputs": [_full(piece, address) for piece in pieces]}
    return page if following is None else {**page, "next": following}


def _full(piece: Piece, address: str) -> Facts:
    siblings = [_shown(one, address) for one in piece.facts["output_ids"]]
    return _shown(piece.id, address) | {"generation": {**piece.facts["generation"], "outputs": siblings}}


def _shown(output_id: str, address: str) -> Facts:
    return {"id": output_id, "image_url": url(address, output_id), **UNPUBLISHED}


def models(offered: Sequence[Model], default: Model) -> Facts:
    """Every model with its schedulers and the engine behind it."""
    return {"models": [_model(model, is_default=model == default) for model in offered]}


def _model(model: Model, *, is_default: bool) -> Facts:
    return {
        "id": model.id,
        "name": model.name,
        "is_default": is_default,
        "available_schedulers": [_scheduler(scheduler) for scheduler in model.schedulers],
        "default_width": model.side,
        "default_height": model.side,
        "engine_id": model.engine_id,
    }


def _scheduler(scheduler: Scheduler) -> Facts:
    return {"id": scheduler.id, "name": scheduler.name}


def defaults(model: Model, documented: Mapping[str, Any]) -> Facts:
    """What counts where a request says nothing; ``documented`` are the defaults of the contract."""
    told = ("num_outputs", "guidance_scale", "inference_steps", "prompt_strength")
    return {
        "model_id": model.id,
        "scheduler_id": model.default_scheduler.id,
        "width": model.side,
        "height": model.side,
        **{name: documented[name] for name in told},
    }


def purse(organization_id: str, balance: int) -> Facts:
    """What an organization has left, ``balance`` in micro-credits: one kind of credits, which do not expire."""
    left = credits(balance)
    kind = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, "understudy")),
        "name": "Understudy",
        "amount": left,
        "description": "Credits of the organization on this server.",
    }
    entry = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, organization_id)),
        "remaining_amount": left,
        "expires_at": NEVER,
        "type": kind,
    }
    return {"total_remaining_credits": left, "credits": [entry]}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
