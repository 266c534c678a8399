"""The presets of CLIP guidance: how many looks, at how many of the steps, how far each moves the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Preset:
    """How much work a preset puts into guiding."""

    cutouts: int
    share: float
    """The share of the run's model calls that is guided, from the first one on."""
    strength: float
    """The size of the first move, as a share of the predicted picture's own size (root mean square of latents)."""
    through_unet: bool
    """Whether the gradient goes on through the UNet to its input, or ends at the predicted picture."""


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "FAST_BLUE": Preset(cutouts=4, share=0.5, strength=0.12, through_unet=False),
        "FAST_GREEN": Preset(cutouts=8, share=0.8, strength=0.08, through_unet=False),
        "SIMPLE": Preset(cutouts=8, share=0.4, strength=0.10, through_unet=True),
        "SLOW": Preset(cutouts=16, share=0.6, strength=0.10, through_unet=True),
        "SLOWER": Preset(cutouts=24, share=0.8, strength=0.10, through_unet=True),
        "SLOWEST": Preset(cutouts=32, share=1.0, strength=0.10, through_unet=True),
    }
)
"""What each preset does; a name that is not here (NONE) guides nothing."""
