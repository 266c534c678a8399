"""The Stablecog API: pictures by URL, models and schedulers by id."""

from app.dialects.stablecog.stablecog import Stablecog

DIALECTS = (Stablecog,)
