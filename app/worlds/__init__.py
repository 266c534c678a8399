"""Worlds for test runs: what one API key sees and owns, held in memory. Nothing here knows of HTTP."""
