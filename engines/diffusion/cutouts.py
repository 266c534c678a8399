"""Random square views of a picture, scaled to what CLIP reads, in matrix products alone.

Two matrices cut and scale one view. Unlike the library's resizing and pooling, their gradient is the same on
every run and exists on every device.
"""

from __future__ import annotations

import torch

SMALLEST = 0.5
"""The smallest view's side, as a share of the picture's short side."""


def draw(count: int, generator: torch.Generator) -> torch.Tensor:
    """``count`` views: side, left and top as shares [count, 3] in float64, drawn on the CPU.

    The side is a share of the picture's short side, left and top are shares of the room that is left. The first
    view is always the largest one, in the middle.
    """
    views = torch.rand((count, 3), generator=generator, dtype=torch.float64)
    views[:, 0] = SMALLEST + (1 - SMALLEST) * views[:, 0]
    views[0] = torch.tensor([1.0, 0.5, 0.5], dtype=torch.float64)
    return views


def cut(pixels: torch.Tensor, views: torch.Tensor, side: int) -> torch.Tensor:
    """The views of one picture [1, 3, H, W] as [count, 3, side, side], each the mean of the area it covers."""
    height, width = pixels.shape[-2:]
    short = min(height, width)
    sides = views[:, 0] * short
    rows = _averaging(views[:, 2] * (height - sides), sides, height, side).to(pixels)
    columns = _averaging(views[:, 1] * (width - sides), sides, width, side).to(pixels)
    return torch.einsum("nih,chw,njw->ncij", rows, pixels[0], columns)


def _averaging(start: torch.Tensor, length: torch.Tensor, source: int, target: int) -> torch.Tensor:
    """Matrices [count, target, source] that average ``length`` pixels from ``start`` on into ``target`` pixels."""
    step = (length / target)[:, None, None]
    left = start[:, None, None] + step * torch.arange(target, dtype=torch.float64)[:, None]
    pixel = torch.arange(source, dtype=torch.float64)
    overlap = torch.minimum(left + step, pixel + 1) - torch.maximum(left, pixel)
    return overlap.clamp(min=0) / step
