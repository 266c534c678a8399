"""`understudy engines`: what can be asked for, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from app.cards import cards_for
from app.cli.amounts import number, shown
from app.cli.show import json_option, write_json, write_table
from app.settings import Settings
from engines.errors import SizeRefused
from engines.types import EngineCard


@click.group()
def engines() -> None:
    """List the engines and their prices."""


@engines.command("list")
@json_option
@click.pass_obj
def list_engines(env: Mapping[str, str], as_json: bool) -> None:
    """List every engine in the order of the API, with the price of one picture in an ordinary size."""
    cards = cards_for(Settings.from_mapping(env))
    if as_json:
        write_json([_plain(card) for card in cards])
        return
    rows = [
        (card.id, card.name, _tasks(card), f"{side}x{side}", str(card.steps.default), shown(price))
        for card in cards
        for side, price in [_example(card)]
    ]
    headers = ("Engine", "Name", "Tasks", "Size", "Steps", "Credits")
    write_table(headers, rows, right=("Steps", "Credits"))


def _example(card: EngineCard) -> tuple[int, int]:
    """A square the engine takes, and what one picture of it costs with the default number of steps."""
    side = next(side for side in (512, 768, 1024) if _takes(card, side))
    return side, card.price.per_picture(side, side, card.steps.default)


def _takes(card: EngineCard, side: int) -> bool:
    try:
        card.sizes.check(side, side)
    except SizeRefused:
        return False
    return True


def _tasks(card: EngineCard) -> str:
    return ", ".join(sorted(task.value for task in card.tasks))


def _plain(card: EngineCard) -> dict[str, Any]:  # JSON
    side, price = _example(card)
    steps = card.steps
    return {
        "id": card.id,
        "name": card.name,
        "description": card.description,
        "tasks": sorted(task.value for task in card.tasks),
        "steps": {"default": steps.default, "minimum": steps.minimum, "maximum": steps.maximum},
        "example": {"width": side, "height": side, "steps": steps.default, "credits": number(price)},
    }
