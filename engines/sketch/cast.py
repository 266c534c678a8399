"""Which motifs a scene has: those that its prompts name, else one that the dice choose."""

from __future__ import annotations

from engines.sketch.noise import Dice
from engines.sketch.wording import Wanted, index, named

_WORDS = index(
    {
        "lighthouse": "lighthouse beacon",
        "boat": "boat ship sail sailboat yacht pirate harbor harbour",
        "house": "house home cottage cabin hut barn village farm",
        "castle": "castle palace fortress tower kingdom temple",
        "windmill": "windmill mill netherlands dutch",
        "tree": "tree oak apple blossom cherry maple bonsai",
        "cactus": "cactus cacti",
        "animal": "cat kitten kitty dog puppy fox wolf pet rabbit bear lion tiger corgi",
        "figure": "man woman girl boy person portrait astronaut robot knight wizard king queen child hero",
        "flowers": "flower rose tulip daisy garden meadow sunflower bouquet",
        "balloon": "balloon airship zeppelin",
        "birds": "bird gull seagull crow eagle swallow raven parrot owl dragon",
        "rocket": "rocket spaceship spacecraft shuttle",
        "planet": "planet saturn space galaxy universe cosmos",
    }
)
_UNASKED = ("tree", "house", "birds", "balloon", "flowers", "birds")


def asked(words: Wanted, dice: Dice) -> tuple[str, ...]:
    """The motifs that the words name, at most three; one that the dice choose where they name none."""
    scores = named(words, _WORDS)
    found = [name for name, weight in scores if weight > 0]
    if found:
        return tuple(found[:3])
    refused = {name for name, _ in scores}
    free = [name for name in _UNASKED if name not in refused]
    return (free[dice.roll(0, len(free) - 1)],) if free else ()
