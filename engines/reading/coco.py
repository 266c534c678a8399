"""COCO's 133 kinds of segments: which of them are a picture's subject, and which its surroundings.

The first 80 are things that can be counted, such as people, animals, vehicles and furniture; the others are stuff.
"""

from __future__ import annotations

from collections.abc import Sequence

THINGS = 80
STUFF = (
    *("banner", "blanket", "bridge", "cardboard", "counter", "curtain", "door-stuff", "floor-wood", "flower"),
    *("fruit", "gravel", "house", "light", "mirror-stuff", "net", "pillow", "platform", "playingfield", "railroad"),
    *("river", "road", "roof", "sand", "sea", "shelf", "snow", "stairs", "tent", "towel", "wall-brick"),
    *("wall-stone", "wall-tile", "wall-wood", "water-other", "window-blind", "window-other", "tree-merged"),
    *("fence-merged", "ceiling-merged", "sky-other-merged", "cabinet-merged", "table-merged"),
    *("floor-other-merged", "pavement-merged", "mountain-merged", "grass-merged", "dirt-merged", "paper-merged"),
    *("food-other-merged", "building-other-merged", "rock-merged", "wall-other-merged", "rug-merged"),
)
"""In the order of the labels that follow the things."""
STANDING_OUT = frozenset(
    {"banner", "blanket", "bridge", "building", "cardboard", "flower", "food", "fruit", "house", "light", "mirror"}
    | {"paper", "pillow", "rock", "roof", "tent", "towel", "tree"}
)
"""Stuff that can be what a picture shows, where there is no thing: the first words of the names."""
_STUFF = frozenset(name.partition("-")[0] for name in STUFF)


def names(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels with names, in their order; published models may have numbers instead."""
    if len(labels) == THINGS + len(STUFF) and all(label.startswith("LABEL_") for label in labels):
        return (*("thing",) * THINGS, *STUFF)
    return tuple(labels)


def is_thing(name: str) -> bool:
    """Whether segments of this kind are a subject."""
    return name.partition("-")[0] not in _STUFF


def is_surroundings(name: str) -> bool:
    """Whether segments of this kind are background, whatever else is there."""
    return not is_thing(name) and name.partition("-")[0] not in STANDING_OUT
