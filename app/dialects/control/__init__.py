"""The dialect in which tests steer the test double; mounted in test mode only."""

from app.dialects.control.control import Control

__all__ = ["Control"]
