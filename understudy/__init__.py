"""Understudy: a self-hosted server that stands in for the Stability REST API.

This package is only the door. The code itself lives in a private folder that the launcher puts on
the path of its own process; importing ``understudy`` never makes ``app`` or ``engines`` importable.
"""

__version__ = "0.1.0"
