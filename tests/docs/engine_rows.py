"""The rows of the README's table of engines, as the cards make them."""

from __future__ import annotations

from app.cli.amounts import shown
from engines import prices, sizes
from engines.catalog import CARDS
from engines.prices import PriceRule
from engines.sizes import SizeRule
from engines.types import EngineCard, Task

LETTERS = {Task.TEXT_TO_IMAGE: "t", Task.IMAGE_TO_IMAGE: "i", Task.MASKING: "m", Task.UPSCALE: "u"}
HEADERS = ("engine", "does", "sizes", "credits", "for example")


def engine_rows() -> list[tuple[str, ...]]:
    """A row for each engine, in the order of the API."""
    return [(f"`{card.id}`", _tasks(card), _sizes(card.sizes), _price(card.price), _example(card)) for card in CARDS]


def _tasks(card: EngineCard) -> str:
    return ", ".join(letter for task, letter in LETTERS.items() if task in card.tasks)


def _sizes(rule: SizeRule) -> str:
    match rule:
        case sizes.Listed():
            return "SDXL sizes"
        case sizes.Box():
            return f"sides {rule.minimum} to {rule.short}, one up to {rule.long}"
        case sizes.UpscaleRange():
            return f"up to {rule.input_maximum:,} pixels in, {rule.output_maximum:,} out"
        case sizes.PixelRange():
            sides = f"sides {rule.shortest} to {rule.longest}" if rule.longest else f"sides from {rule.shortest}"
            return f"{sides}, {rule.minimum:,} to {rule.maximum:,} pixels"
    raise AssertionError(rule)


def _price(rule: PriceRule) -> str:
    match rule:
        case prices.PixelSteps():
            factor = f"{float(100 * rule.factor):.8f}".rstrip("0")
            return f"`{factor} * (pixels - 169527) * steps / 30`"
        case prices.StepCurve():
            listed = ", ".join(f"{float(credits):g} for {steps} steps" for steps, credits in rule.listed)
            terms = (float(100 * part) for part in (rule.constant, rule.linear, rule.quadratic))
            return "{}, else `{:g} + {:g} * steps + {:.7f} * steps^2`".format(listed, *terms)
        case prices.FlatUpToSteps():
            each = f"{float(rule.credits):g}"
            return f"{each} up to {rule.steps} steps, then `{each} * steps / {rule.steps}`"
        case prices.Flat():
            return f"{float(rule.credits):g}"
        case prices.BySize():
            return f"{float(rule.small):g} up to {rule.pixels:,} pixels in, else {float(rule.large):g}"
    raise AssertionError(rule)


def _example(card: EngineCard) -> str:
    price = shown(card.price.per_picture(card.side, card.side, card.steps.default))
    return f"{card.side}x{card.side}: {price}"
