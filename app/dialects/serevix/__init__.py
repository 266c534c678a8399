"""The Serevix gateway's route to models of Stability AI."""

from app.dialects.serevix.serevix import Serevix

DIALECTS = (Serevix,)
