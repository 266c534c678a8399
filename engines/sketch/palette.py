"""Which colours a picture has: from the words of its prompts, else from the dice."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from engines.sketch.colour import Colour, mix, saturate
from engines.sketch.noise import Dice
from engines.sketch.wording import Wanted, index, named


@dataclass(frozen=True, slots=True)
class Palette:
    """The six colours of a landscape; ``far`` and ``near`` are the ends of its layers."""

    high: Colour
    low: Colour
    light: Colour
    far: Colour
    near: Colour
    accent: Colour


_PALETTES = {
    "dawn": Palette((116, 149, 196), (252, 214, 190), (255, 244, 214), (214, 178, 190), (72, 66, 102), (244, 132, 112)),
    "day": Palette((74, 152, 214), (206, 234, 242), (255, 247, 208), (158, 200, 198), (38, 96, 84), (238, 108, 77)),
    "sunset": Palette((76, 56, 120), (255, 158, 94), (255, 226, 150), (214, 102, 106), (50, 28, 70), (255, 92, 88)),
    "dusk": Palette((44, 52, 108), (226, 148, 178), (255, 222, 206), (134, 100, 156), (32, 28, 66), (250, 190, 98)),
    "night": Palette((10, 16, 44), (58, 76, 132), (248, 244, 220), (56, 78, 124), (8, 14, 34), (255, 206, 104)),
    "autumn": Palette((132, 160, 178), (250, 224, 178), (255, 240, 190), (224, 160, 88), (96, 38, 30), (214, 76, 38)),
    "forest": Palette((148, 190, 176), (234, 240, 208), (255, 250, 214), (128, 172, 136), (14, 58, 48), (226, 146, 62)),
    "sea": Palette((62, 142, 196), (218, 240, 236), (255, 246, 216), (96, 178, 192), (8, 58, 98), (240, 100, 82)),
    "desert": Palette((100, 168, 190), (252, 226, 178), (255, 248, 206), (232, 176, 112), (128, 56, 40), (60, 120, 92)),
    "snow": Palette((126, 164, 204), (238, 244, 250), (255, 252, 232), (206, 222, 236), (74, 104, 144), (206, 62, 66)),
    "spring": Palette(
        (140, 196, 226), (252, 232, 236), (255, 250, 220), (172, 212, 164), (52, 114, 82), (238, 112, 152)
    ),
    "storm": Palette((52, 62, 78), (164, 176, 180), (232, 236, 220), (112, 126, 134), (26, 34, 42), (226, 188, 74)),
    "space": Palette((8, 8, 28), (70, 36, 98), (255, 232, 196), (92, 62, 128), (18, 12, 40), (86, 214, 222)),
    "candy": Palette(
        (130, 200, 220), (255, 216, 228), (255, 250, 210), (248, 170, 190), (118, 74, 146), (255, 196, 84)
    ),
    "ember": Palette((40, 18, 28), (214, 72, 36), (255, 214, 110), (142, 40, 38), (20, 10, 16), (255, 150, 40)),
}

_PALETTE_WORDS = index(
    {
        "dawn": "dawn sunrise morning pastel soft misty mist foggy fog peaceful calm",
        "day": "day sunny noon summer daylight city skyline street town meadow field garden park sky blue valley grass",
        "sunset": "sunset evening golden romantic dramatic horizon epic",
        "dusk": "dusk twilight violet lavender purple dreamy mystic mysterious",
        "night": "night moon moonlit moonlight midnight dark star starry neon owl nocturnal",
        "autumn": "autumn fall october harvest leaf leaves maple pumpkin halloween fox",
        "forest": "forest wood jungle woodland tree pine moss green swamp rainforest nature",
        "sea": "sea ocean beach coast lake river water island lighthouse ship boat sail wave whale fish harbor bay",
        "desert": "desert dune sand sahara canyon camel cactus pyramid mars egypt western",
        "snow": "snow winter ice arctic frozen glacier christmas snowy ski polar penguin mountain alps",
        "spring": "spring blossom flower cherry tulip rose bloom easter butterfly rabbit",
        "storm": "storm rain thunder lightning grey gray gloomy rainy cyberpunk ruin",
        "space": "space galaxy planet cosmos nebula astronaut universe alien spaceship rocket cosmic stars",
        "candy": "candy cute kawaii unicorn pink toy kid cake sweet",
        "ember": "fire volcano lava dragon hell ember burning flame battle war",
    }
)
# Hours and seasons say more about the colours than places do: a forest at night is dark.
_LIGHTS = frozenset({"dawn", "sunset", "dusk", "night", "autumn", "snow", "storm", "ember"})
_UNASKED = ("dawn", "day", "sunset", "dusk", "autumn", "forest", "sea", "desert", "spring", "candy", "night")

_COLOURS: dict[str, Colour] = {
    "red": (206, 40, 44),
    "crimson": (176, 20, 50),
    "orange": (244, 132, 32),
    "gold": (230, 178, 50),
    "yellow": (248, 212, 60),
    "green": (52, 148, 74),
    "emerald": (20, 140, 100),
    "teal": (20, 134, 140),
    "turquoise": (56, 196, 194),
    "cyan": (40, 200, 226),
    "blue": (36, 92, 200),
    "navy": (20, 34, 92),
    "indigo": (70, 50, 160),
    "purple": (128, 60, 170),
    "violet": (140, 84, 196),
    "magenta": (210, 40, 150),
    "pink": (246, 130, 172),
    "brown": (120, 76, 44),
    "beige": (224, 204, 166),
    "white": (246, 246, 244),
    "black": (18, 18, 22),
    "grey": (128, 130, 134),
    "gray": (128, 130, 134),
    "silver": (186, 192, 200),
}
_COLOUR_WORDS = {name: name for name in _COLOURS}


def mood(words: Wanted, dice: Dice) -> str:
    """The name of the palette that the words want most; the dice choose where they name none."""
    scores = [(name, weight * (4 if name in _LIGHTS else 1)) for name, weight in named(words, _PALETTE_WORDS)]
    best = max(scores, key=lambda score: score[1], default=("", 0.0))
    if best[1] > 0:
        return best[0]
    refused = {name for name, _ in scores}
    free = [name for name in _UNASKED if name not in refused]
    return free[dice.roll(0, len(free) - 1)] if free else "storm"


def palette(name: str, words: Wanted, cfg_scale: float, dice: Dice) -> Palette:
    """The named palette, drawn to the colours in the words and away from unwanted ones.

    ``cfg_scale`` (0 to 35) is how strongly the picture holds to its prompt: from pale to vivid.
    """
    chosen = _shifted(_PALETTES[name], dice)
    for colour, weight in named(words, _COLOUR_WORDS):
        share = int(max(-1.0, min(1.0, weight)) * 30)
        chosen = _tinted(chosen, _COLOURS[colour], share)
    vivid = 44 + int(max(0.0, min(35.0, cfg_scale)) * 2.5)
    return Palette(*(saturate(getattr(chosen, field.name), vivid) for field in fields(chosen)))


def _shifted(palette: Palette, dice: Dice) -> Palette:
    """The same mood in a slightly different light, so that two pictures of one mood are not twins."""
    near, far = (mix(palette.near, palette.accent, dice.roll(0, 9)), mix(palette.far, palette.high, dice.roll(0, 16)))
    return replace(palette, near=near, far=far, low=mix(palette.low, palette.light, dice.roll(0, 16)))


def _tinted(palette: Palette, colour: Colour, share: int) -> Palette:
    def tint(part: Colour, weight: int) -> Colour:
        red, green, blue = mix(part, colour, share * weight >> 4)
        return min(255, max(0, red)), min(255, max(0, green)), min(255, max(0, blue))

    return Palette(
        high=tint(palette.high, 12),
        low=tint(palette.low, 8),
        light=tint(palette.light, 5),
        far=tint(palette.far, 16),
        near=tint(palette.near, 14),
        accent=tint(palette.accent, 20),
    )
