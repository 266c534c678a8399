"""The embedded engine family: pictures composed without weights, in numpy and Pillow.

Equal requests give equal bytes on every machine: only integer arithmetic, no library's random numbers,
no outline fonts.
"""

from engines.sketch.family import SketchFamily

__all__ = ["SketchFamily"]
