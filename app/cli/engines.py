"""`understudy engines`: what can be asked for, what it costs, and where the weights are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from app.cards import DIFFUSERS, TRANSFORMERS, cards_for, workshop_for
from app.cli.amounts import number, shown
from app.cli.show import json_option, write_json, write_table
from app.cli.weights import states, write_devices, write_extras, write_states
from app.settings import Settings
from engines.analysis.analysts import CARDS as ANALYSTS
from engines.analysis.types import AnalystCard
from engines.errors import SizeRefused
from engines.types import EngineCard, Task

BRIEF = {Task.TEXT_TO_IMAGE: "text", Task.IMAGE_TO_IMAGE: "image", Task.MASKING: "mask", Task.UPSCALE: "upscale"}

Command = Callable[..., Any]  # click's decorators keep any signature


def file_options(command: Command) -> Command:
    """Add ``--engines-file`` and ``--weights``."""
    named = click.option("--engines-file", metavar="FILE", help="Which weights serve what (UNDERSTUDY_ENGINES_FILE).")
    kept = click.option("--weights", metavar="FOLDER", help="Where downloads are kept (UNDERSTUDY_WEIGHTS).")
    return named(kept(command))


@click.group()
def engines() -> None:
    """List the engines, their prices and their weights, and download weights."""


@engines.command("list")
@click.option("--engines", "family", type=click.Choice(["sketch", DIFFUSERS]), help="UNDERSTUDY_ENGINES.")
@file_options
@json_option
@click.pass_obj
def list_engines(
    env: Mapping[str, str], family: str | None, engines_file: str | None, weights: str | None, as_json: bool
) -> None:
    """List every engine in the order of the API, with the price of one picture in an ordinary size.

    With --engines diffusers: which weights serve each engine, whether they are on the disk, and what
    the running server has loaded. The analysts, which read texts and pictures instead of drawing, follow
    where they are real as well (UNDERSTUDY_ANALYSIS).
    """
    settings = _settings(env, engines_file, weights, family)
    cards = cards_for(settings)
    if settings.engines == DIFFUSERS or settings.analysis == TRANSFORMERS:
        _write_real(settings, cards, as_json)
    elif as_json:
        write_json([_plain(card) for card in cards])
    else:
        _write_sketched(cards)


@engines.command()
@click.argument("ids", nargs=-1, metavar="[ID|safety|guidance]...")
@click.option("--all", "everything", is_flag=True, help="All weights that the file names, 120 GB as it ships.")
@file_options
@click.pass_obj
def pull(
    env: Mapping[str, str], ids: tuple[str, ...], everything: bool, engines_file: str | None, weights: str | None
) -> None:
    """Download the weights of engines and analysts, and go on where a download was cut.

    Weights that several engines share are downloaded once. Gated repositories need a token of the
    Hugging Face Hub in HF_TOKEN. Exit code 1 if any download failed; the others are tried all the same.

    \b
    Examples:
      understudy engines pull stable-diffusion-v1-5 esrgan-v1-x2plus
      understudy engines pull safety
    """
    from app.cli.pulling import pull_all, wanted  # noqa: PLC0415 -- the list of engines needs none of it

    settings = _settings(env, engines_file, weights)
    if everything == bool(ids):
        raise click.UsageError("name engines, or say --all; `understudy engines list` shows the ids")
    pull_all(wanted(workshop_for(settings), ids), settings.weights)


@engines.command()
def config() -> None:
    """Print the engines.toml that ships, commented, as a start for one of your own."""
    from engines.weights.config import SHIPPED  # noqa: PLC0415 -- where the file is matters to this command only

    click.echo(SHIPPED.read_text(encoding="utf-8"), nl=False)


def _settings(
    env: Mapping[str, str], engines_file: str | None, weights: str | None, family: str | None = None
) -> Settings:
    """The settings, with what the options say instead of the environment."""
    given = {"UNDERSTUDY_ENGINES": family, "UNDERSTUDY_ENGINES_FILE": engines_file, "UNDERSTUDY_WEIGHTS": weights}
    return Settings.from_mapping({**env, **{name: value for name, value in given.items() if value}})


def _write_real(settings: Settings, cards: tuple[EngineCard, ...], as_json: bool) -> None:
    """What has weights with their state, and what is sketched without."""
    workshop, drawn = workshop_for(settings), settings.engines == DIFFUSERS
    found = states(workshop, settings)
    analysts = [card for card in ANALYSTS if settings.analysis == TRANSFORMERS and card.task in found]
    if as_json:
        told = [{**_plain(card), **(found[card.id].plain() if drawn else {})} for card in cards]
        write_json([*told, *({**_described(card), **found[card.task].plain()} for card in analysts)])
        return
    rows = [(card.id, _briefly(card), found[card.id], shown(_example(card)[1])) for card in cards if drawn]
    if not drawn:
        _write_sketched(cards)
        click.echo()
    write_states([*rows, *((card.task.value, "analysis", found[card.task], "") for card in analysts)])
    if drawn:
        write_extras(workshop, settings)
    write_devices(settings)


def _write_sketched(cards: tuple[EngineCard, ...]) -> None:
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


def _briefly(card: EngineCard) -> str:
    """The tasks in the few letters that a wide table leaves."""
    return ", ".join(BRIEF[task] for task in Task if task in card.tasks)


def _described(card: AnalystCard) -> dict[str, Any]:  # JSON
    return {"id": card.task.value, "name": card.name, "description": card.description, "tasks": [card.task.value]}


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
