"""The counter: contracts, callers and credits, in front of the workshop in ``engines``."""
