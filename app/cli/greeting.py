"""What `understudy serve` prints when it is ready: where it is, the key, and a line to try."""

from __future__ import annotations

import sys

import click

from app.cards import DIFFUSERS, cards_for, workshop_for
from app.settings import Settings
from engines.types import Task

FAVOURITE = "stable-diffusion-v1-6"


def greet(url: str, key: str, settings: Settings) -> None:
    """Print it at once, also where somebody reads through a pipe."""
    click.echo(
        f"Understudy listens on {url}\n"
        f"API key: {key}\n"
        f"Documentation: {url}/v1/ui/\n"
        f"{_what_to_do(url, key, settings)}\n"
        f"Ctrl-C stops it."
    )
    sys.stdout.flush()


def _what_to_do(url: str, key: str, settings: Settings) -> str:
    engine = _ready(settings) if settings.engines == DIFFUSERS else FAVOURITE
    if engine is None:
        return _how_to_get_weights(settings)
    return (
        f"Try it:\n"
        f"  curl -s {url}/v1/generation/{engine}/text-to-image \\\n"
        f"    -H 'Authorization: Bearer {key}' -H 'Accept: image/png' -H 'Content-Type: application/json' \\\n"
        f'    -d \'{{"text_prompts":[{{"text":"a lighthouse on a cliff at sunset"}}]}}\' -o lighthouse.png'
    )


def _ready(settings: Settings) -> str | None:
    """An engine that draws and has its weights; None where no engine has."""
    from engines.weights.disk import Disk  # noqa: PLC0415 -- for real engines only

    disk = Disk(settings.weights)
    drawing = {card.id for card in cards_for(settings) if Task.TEXT_TO_IMAGE in card.tasks}
    ready = [
        setup.engine_id
        for setup in workshop_for(settings).engines
        if setup.engine_id in drawing and disk.locate(setup.source)
    ]
    return FAVOURITE if FAVOURITE in ready else next(iter(ready), None)


def _how_to_get_weights(settings: Settings) -> str:
    lines = [
        "No engine that draws has its weights on the disk yet. See what there is, and download some:",
        "  understudy engines list --engines diffusers",
    ]
    away = [setup.engine_id for setup in workshop_for(settings).engines if not setup.source.local]
    if away:
        lines.append(f"  understudy engines pull {FAVOURITE if FAVOURITE in away else away[0]}")
    return "\n".join(lines)
