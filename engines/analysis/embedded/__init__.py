"""Analysts without weights: word lists, rules and a classical segmentation, the same answer every time.

They stand in where no trained model is at hand: good enough to tell obvious cases apart, and no judge of anything
that matters.
"""

from engines.analysis.embedded.family import EmbeddedAnalysts

__all__ = ["EmbeddedAnalysts"]
