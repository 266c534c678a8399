"""Fetches what a caller's URL points to, without reaching anything that the caller could not reach alone."""
