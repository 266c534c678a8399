"""The Stativerse model endpoints: pictures from text, edited pictures, classified texts, compared sentences."""

from app.dialects.stativerse.stativerse import Stativerse

DIALECTS = (Stativerse,)
