"""aithriving's route to Stable Image Core."""

from app.dialects.aithriving.aithriving import Aithriving

DIALECTS = (Aithriving,)
